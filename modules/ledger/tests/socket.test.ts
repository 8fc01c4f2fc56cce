import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { TRANSFER_RESULTS } from '@anarq/ledger-engine';
import { accountOf, plainTransfer, transferOf, transfersBatch } from '@anarq/ledger-engine/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FRAME_BYTES, FrameKind, frameOf, jsonBody } from '../src/socket/frames.ts';
import { LedgerClient, LedgerServer, type Gate } from '../src/socket/index.ts';
import { accounts, transfers } from './engine/records.ts';
import {
  ids,
  knowsSecret,
  messageIn,
  openFrame,
  SECRET,
  sendRaw,
  serveLedger,
  type ServedLedger,
} from './servedLedger.ts';

/** What account 7 may pay in all. */
const ALLOWANCE = 10n;

/** Lets in whoever knows the secret; account 9 is not theirs, and account 7 has an allowance. */
const gate: Gate = ({ secret }) =>
  knowsSecret(secret)
    ? {
        check(kind, records, state) {
          if (kind === 'accounts') return undefined;
          const { debit, amount } = transferOf(records);
          if (debit === 9n) return 'account 9 is not yours';
          const record = debit === 7n ? state.queries.account(7n) : undefined;
          return record !== undefined && accountOf(record).debitsPosted + amount > ALLOWANCE
            ? 'account 7 paid all it may'
            : undefined;
        },
      }
    : undefined;

let served: ServedLedger;
beforeEach(async () => {
  served = await serveLedger(gate);
});
afterEach(() => served.close());
const raw = (...pieces: Uint8Array[]): Promise<Buffer> => sendRaw(served.path, ...pieces);

describe('a connection to the ledger', () => {
  it('moves money in batches, each event with its own result', async () => {
    const one = await served.client();
    expect(await one.createAccounts(accounts([1n, 2n]))).toMatchObject({ refused: [] });
    const answer = await one.createTransfers(
      transfersBatch([
        plainTransfer(1n),
        plainTransfer(2n, { debit: 8n }),
        plainTransfer(1n),
        plainTransfer(3n),
      ]),
    );
    expect(answer.refused).toEqual([
      { index: 1, result: TRANSFER_RESULTS.debit_account_not_found },
      { index: 2, result: TRANSFER_RESULTS.exists },
    ]);
    const [first] = await one.lookupAccounts(ids(1n, 99n));
    expect(accountOf(first!)).toMatchObject({ id: 1n, debitsPosted: 10n });
    const [found] = await one.lookupTransfers(ids(3n));
    expect(transferOf(found!).timestamp).toBe(answer.timestamp);
    const all = await one.accountTransfers({
      accountId: 2n,
      limit: 10,
      debits: true,
      credits: true,
      isReversed: true,
    });
    expect(all.map((record) => transferOf(record).id)).toEqual([3n, 1n]);
  });

  it('answers many requests that are under way at once, and a question sees those before it', async () => {
    const one = await served.client();
    await one.createAccounts(accounts([1n, 2n]));
    const sent = Array.from({ length: 50 }, (_, batch) =>
      one.createTransfers(transfers(batch * 100 + 1, batch * 100 + 101)),
    );
    const [seen] = await one.lookupAccounts(ids(1n));
    expect(accountOf(seen!).debitsPosted).toBe(25_000n);
    expect((await Promise.all(sent)).every(({ refused }) => refused.length === 0)).toBe(true);
  });

  it('answers all that was sent before the client ended its side', async () => {
    const one = await served.client();
    await one.createAccounts(accounts([1n, 2n]));
    const sent = Array.from({ length: 50 }, (_, batch) =>
      one.createTransfers(transfers(batch * 100 + 1, batch * 100 + 101)),
    );
    const asked = one.lookupAccounts(ids(1n));
    await one.close();
    expect(await Promise.all(sent)).toHaveLength(50);
    expect(accountOf((await asked)[0]!).debitsPosted).toBe(25_000n);
  });

  it('answers what it has taken when the server closes', async () => {
    const one = await served.client();
    await one.createAccounts(accounts([1n, 2n]));
    const before = served.server.sockets[0]!.bytesRead;
    const batch = transfers(1, 8_001);
    const sentBytes = FRAME_BYTES + batch.byteLength;
    const later = one.createTransfers(batch);
    while (served.server.sockets[0]!.bytesRead < before + sentBytes)
      await new Promise(setImmediate);
    await served.server.close();
    expect((await later).refused).toEqual([]);
    await expect(one.lookupAccounts(ids(1n))).rejects.toThrow(/the connection to the ledger ended/);
  });

  it('is safe from a repeated batch: another connection sends it again and nothing moves', async () => {
    const [one, two] = [await served.client(), await served.client()];
    await one.createAccounts(accounts([1n, 2n]));
    await Promise.all([one.createTransfers(transfers(1, 3)), two.createTransfers(transfers(1, 3))]);
    const [seen] = await two.lookupAccounts(ids(1n));
    expect(accountOf(seen!).debitsPosted).toBe(10n);
  });

  it('goes over a port on loopback as over a Unix socket', async () => {
    const server = await LedgerServer.start(served.writer, { listen: { port: 0 }, gate });
    const one = await LedgerClient.connect({ port: server.port! }, { secret: SECRET });
    await one.createAccounts(accounts([1n, 2n]));
    expect(await one.createTransfers(transfers(1, 2))).toMatchObject({ refused: [] });
    await one.close();
    await server.close();
    expect(served.server.port).toBeUndefined();
  });

  it('opens for nobody without the credentials, and answers nothing before', async () => {
    await expect(served.client('another secret')).rejects.toMatchObject({
      code: 'QLOCK_AUTH_FAIL',
    });
    const early = frameOf(FrameKind.LOOKUP_ACCOUNTS, 1, 1, ids(1n));
    const wrong = frameOf(FrameKind.OPEN, 2, 0, jsonBody({ secret: 'no' }));
    expect(messageIn(await raw(early, wrong))).toMatchObject({ code: 'QLOCK_AUTH_FAIL' });
    expect((await stat(served.path)).mode & 0o777).toBe(0o600);
  });

  it('does no batch that its gate refuses', async () => {
    const one = await served.client();
    await one.createAccounts(accounts([9n, 2n]));
    await expect(
      one.createTransfers(transfersBatch([plainTransfer(1n, { debit: 9n })])),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED', message: 'account 9 is not yours' });
    expect(await one.lookupTransfers(ids(1n))).toEqual([]);
  });

  it('refuses a batch that another one before it in the queue made inadmissible', async () => {
    const [one, two] = [await served.client(), await served.client()];
    await one.createAccounts(accounts([7n, 2n]));
    const pay = (client: LedgerClient, id: bigint) =>
      client.createTransfers(transfersBatch([plainTransfer(id, { debit: 7n })]));
    const paid = await Promise.allSettled([1n, 2n, 3n].map((id) => pay(one, id)));
    expect(paid.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(paid[2]).toMatchObject({ reason: { code: 'QONSENT_DENIED' } });
    const others = await Promise.allSettled([pay(two, 4n), two.createTransfers(transfers(5, 6))]);
    // Account 1 does not exist: the batch is taken, its event refused.
    expect(others.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    const [seen] = await one.lookupAccounts(ids(7n));
    expect(accountOf(seen!).debitsPosted).toBe(ALLOWANCE);
  });

  it('ends with whoever sends what is no frame, too much, or another body than announced', async () => {
    const refused = { code: 'INPUT_INVALID' };
    const request = Buffer.from('GET / HTTP/1.1\r\nhost: here.example\r\n\r\n');
    expect(messageIn(await raw(request))).toMatchObject(refused);
    const large = openFrame();
    large.writeUInt32LE(2 ** 31, 20);
    expect(messageIn(await raw(large))).toMatchObject(refused);
    const changed = openFrame();
    changed[FRAME_BYTES + 3]! ^= 1;
    expect(messageIn(await raw(changed))).toMatchObject(refused);
    expect(await (await served.client()).lookupAccounts(ids(1n))).toEqual([]);
  });

  it('refuses records that are cut off, and kinds that it does not know', async () => {
    const one = await served.client();
    await expect(one.createTransfers(new Uint8Array(100))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(one.lookupAccounts(new Uint8Array(20))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    const unknown = frameOf(99, 2, 0, Buffer.alloc(0));
    const got = await raw(openFrame(), unknown, Buffer.from('the end'.padEnd(FRAME_BYTES)));
    // The first is the answer to the opening, which says what the order bears.
    expect(messageIn(got)).toMatchObject({ order: { name: 'local' } });
    const second = got.subarray(FRAME_BYTES + got.readUInt32LE(20));
    expect(messageIn(second)).toMatchObject({ code: 'OPERATION_UNKNOWN' });
  });

  it('takes a frame in any pieces', async () => {
    const socket = connect(served.path);
    const got = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    for (const byte of openFrame()) {
      socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await got).readUInt8(4)).toBe(FrameKind.OPENED);
    socket.destroy();
  });
});
