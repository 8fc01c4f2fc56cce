import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timingSafeEqual } from 'node:crypto';
import { TRANSFER_RESULTS } from '@anarq/ledger-engine';
import { accountOf, accountsBatch, transferOf, transfersBatch } from '@anarq/ledger-engine/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter } from '../src/engine/writer.ts';
import { LedgerClient } from '../src/socket/client.ts';
import { FRAME_BYTES, FrameKind, frameOf, jsonBody } from '../src/socket/frames.ts';
import { LedgerServer, type Gate } from '../src/socket/server.ts';

let folder: string;
let writer: LedgerWriter;
let server: LedgerServer;
let path: string;
const clients: LedgerClient[] = [];

const SECRET = 'a secret of 32 bytes, or near it';
/** Lets in whoever knows the secret; account 9 is not theirs. */
const gate: Gate = ({ secret }) => {
  const given = Buffer.from(String(secret).padEnd(SECRET.length));
  if (given.length !== SECRET.length || !timingSafeEqual(given, Buffer.from(SECRET)))
    return undefined;
  return {
    check: (kind, records) =>
      kind === 'transfers' && Buffer.from(records).readUInt32LE(16) === 9
        ? 'account 9 is not yours'
        : undefined,
  };
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  path = join(folder, 'socket');
  writer = await LedgerWriter.open(folder, { segmentPages: 512, groupPages: 300 });
  server = await LedgerServer.start(writer, { listen: { path }, gate });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close()));
  await server.close();
  await writer.close();
  await rm(folder, { recursive: true, force: true });
});

async function client(secret = SECRET): Promise<LedgerClient> {
  const opened = await LedgerClient.connect({ path }, { secret });
  clients.push(opened);
  return opened;
}

const account = (id: bigint) => ({
  id,
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  reserved: 0,
  ledger: 1,
  code: 1,
  flags: 0,
  timestamp: 0n,
});
const transfer = (id: bigint, more: { amount?: bigint; debit?: bigint } = {}) => ({
  id,
  debit: 1n,
  credit: 2n,
  amount: 5n,
  pendingId: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout_s: 0,
  ledger: 1,
  code: 1,
  flags: 0,
  timestamp: 0n,
  ...more,
});
const ids = (...values: bigint[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 16);
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, index * 16));
  return bytes;
};

/** Sends bytes as they are, and tells what came back until the end. */
async function raw(...pieces: Uint8Array[]): Promise<Buffer> {
  const socket = connect(path);
  const got: Buffer[] = [];
  socket.on('data', (piece: Buffer) => got.push(piece));
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(got);
}
const messageIn = (frame: Buffer): unknown =>
  JSON.parse(frame.subarray(FRAME_BYTES, FRAME_BYTES + frame.readUInt32LE(20)).toString());

describe('a connection to the ledger', () => {
  it('moves money in batches, each event with its own result', async () => {
    const one = await client();
    expect(await one.createAccounts(accountsBatch([account(1n), account(2n)]))).toMatchObject({
      refused: [],
    });
    const answer = await one.createTransfers(
      transfersBatch([transfer(1n), transfer(2n, { debit: 7n }), transfer(1n), transfer(3n)]),
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
    const one = await client();
    await one.createAccounts(accountsBatch([account(1n), account(2n)]));
    const sent = Array.from({ length: 50 }, (_, batch) =>
      one.createTransfers(
        transfersBatch(
          Array.from({ length: 100 }, (__, index) => transfer(BigInt(batch * 100 + index + 1))),
        ),
      ),
    );
    const [seen] = await one.lookupAccounts(ids(1n));
    expect(accountOf(seen!).debitsPosted).toBe(25_000n);
    expect((await Promise.all(sent)).every(({ refused }) => refused.length === 0)).toBe(true);
  });

  it('is safe from a repeated batch: another connection sends it again and nothing moves', async () => {
    const [one, two] = [await client(), await client()];
    await one.createAccounts(accountsBatch([account(1n), account(2n)]));
    const batch = () => transfersBatch([transfer(1n), transfer(2n)]);
    await Promise.all([one.createTransfers(batch()), two.createTransfers(batch())]);
    const [seen] = await two.lookupAccounts(ids(1n));
    expect(accountOf(seen!).debitsPosted).toBe(10n);
  });

  it('opens for nobody without the credentials, and answers nothing before', async () => {
    await expect(client('another secret')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const early = frameOf(FrameKind.LOOKUP_ACCOUNTS, 1, 1, ids(1n));
    const wrong = frameOf(FrameKind.OPEN, 2, 0, jsonBody({ secret: 'no' }));
    expect(messageIn(await raw(early, wrong))).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('does no batch that its gate refuses', async () => {
    const one = await client();
    await one.createAccounts(accountsBatch([account(9n), account(2n)]));
    await expect(
      one.createTransfers(transfersBatch([transfer(1n, { debit: 9n })])),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await one.lookupTransfers(ids(1n))).toEqual([]);
  });

  it('ends with whoever sends what is no frame, too much, or another body than announced', async () => {
    expect(
      messageIn(await raw(Buffer.from('GET / HTTP/1.1\r\nhost: here.example\r\n\r\n'))),
    ).toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    const large = frameOf(FrameKind.OPEN, 1, 0, Buffer.alloc(0));
    large.writeUInt32LE(2 ** 31, 20);
    expect(messageIn(await raw(large))).toMatchObject({ code: 'VALIDATION_FAILED' });
    const changed = frameOf(FrameKind.OPEN, 1, 0, jsonBody({ secret: SECRET }));
    changed[FRAME_BYTES + 3]! ^= 1;
    expect(messageIn(await raw(changed))).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await (await client()).lookupAccounts(ids(1n))).toEqual([]);
  });

  it('refuses records that are cut off, and kinds that it does not know', async () => {
    const one = await client();
    await expect(one.createTransfers(new Uint8Array(100))).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    const open = frameOf(FrameKind.OPEN, 1, 0, jsonBody({ secret: SECRET }));
    const unknown = frameOf(99, 2, 0, Buffer.alloc(0));
    const got = await raw(open, unknown, Buffer.from('the end'.padEnd(FRAME_BYTES)));
    expect(messageIn(got.subarray(FRAME_BYTES))).toMatchObject({ code: 'VALIDATION_FAILED' });
  });

  it('takes a frame in any pieces', async () => {
    const open = frameOf(FrameKind.OPEN, 1, 0, jsonBody({ secret: SECRET }));
    const socket = connect(path);
    const got = new Promise<Buffer>((resolve) => socket.once('data', resolve));
    for (const byte of open) {
      socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    expect((await got).readUInt8(4)).toBe(FrameKind.OPENED);
    socket.destroy();
  });
});
