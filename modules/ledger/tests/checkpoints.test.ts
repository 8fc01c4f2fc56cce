import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  PAGE_BYTES,
  verifyBalanceProof,
  verifyTransferProof,
  type TransferProof,
} from '@anarq/ledger-engine';
import { accountOf, accountsBatch, transferOf, transfersBatch } from '@anarq/ledger-engine/testing';
import { SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoints } from '../src/engine/checkpoints.ts';
import { LedgerFollower } from '../src/engine/follower.ts';
import { LedgerWriter } from '../src/engine/writer.ts';

const { privateKey } = generateKeyPairSync('ml-dsa-44');
const KEY_NAME = 'ledger.example/books';
const keyDer = privateKey.export({ format: 'der', type: 'pkcs8' });
const vkey = vkeyOf(KEY_NAME, SIGNATURE_TYPE.mldsa44Cosignature, privateKey);
const SEGMENT_PAGES = 512;
const options = { segmentPages: SEGMENT_PAGES, keyName: KEY_NAME, keyDer, sealEvents: 256 };

let folder: string;
let writer: LedgerWriter;
const opened: Checkpoints[] = [];

const openWriter = () =>
  LedgerWriter.open(folder, { segmentPages: SEGMENT_PAGES, groupPages: 300, sealEvents: 256 });
function checkpoints(onFailure?: (error: Error) => void): Checkpoints {
  const made = new Checkpoints(folder, writer, {
    ...options,
    interval_ms: 20,
    ...(onFailure === undefined ? {} : { onFailure }),
  });
  opened.push(made);
  return made;
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  writer = await openWriter();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close().catch(() => undefined)));
  await writer.close();
  await rm(folder, { recursive: true, force: true });
});

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
const transfer = (id: bigint, flags = 0, pendingId = 0n) => ({
  id,
  debit: pendingId === 0n ? 1n : 0n,
  credit: pendingId === 0n ? 2n : 0n,
  amount: pendingId === 0n ? 5n : 2n ** 128n - 1n,
  pendingId,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout_s: 0,
  ledger: pendingId === 0n ? 1 : 0,
  code: pendingId === 0n ? 1 : 0,
  flags,
  timestamp: 0n,
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => BigInt(from + index));

describe('the checkpoints of a ledger', () => {
  it('prove a transfer and a balance to a client that has nothing but the key', async () => {
    await writer.createAccounts(accountsBatch(range(1, 40).map(account)));
    for (let batch = 0; batch < 30; batch++)
      await writer.createTransfers(
        transfersBatch(range(batch * 40 + 1, batch * 40 + 41).map((id) => transfer(id))),
      );
    await writer.createTransfers(
      transfersBatch([transfer(9_000n, 2), transfer(9_001n, 4, 9_000n)]),
    );
    const made = checkpoints();
    await made.covering(1_202);
    for (const id of [1n, 39n, 257n, 700n, 1_200n, 9_000n, 9_001n]) {
      const proof = await made.proveTransfer(id);
      expect(verifyTransferProof(proof!, vkey)).toBe(true);
      expect(transferOf(proof!.record)).toEqual(transferOf(writer.queries.transfer(id)!));
      const lie: TransferProof = { ...proof!, ordinal: proof!.ordinal ^ 1 };
      expect(verifyTransferProof(lie, vkey)).toBe(false);
    }
    const balance = await made.proveBalance(1n);
    expect(verifyBalanceProof(balance!, vkey)).toBe(true);
    expect(accountOf(balance!.record)).toMatchObject({ id: 1n, debitsPosted: 6_005n });
    expect(balance!.position).toMatchObject({ events: 1_202 });
    const forged = balance!.record.slice();
    forged[32]! ^= 1;
    expect(verifyBalanceProof({ ...balance!, record: forged }, vkey)).toBe(false);
    expect(await made.proveTransfer(77_777n)).toBeUndefined();
    expect(await made.proveBalance(77_777n)).toBeUndefined();
  });

  it('follow the log while it grows, and each covers what was answered before', async () => {
    const made = checkpoints();
    await writer.createAccounts(accountsBatch([account(1n), account(2n)]));
    for (let round = 1; round <= 3; round++) {
      await writer.createTransfers(transfersBatch([transfer(BigInt(round))]));
      const { position } = await made.covering(round);
      expect(position.events).toBe(round);
      expect(accountOf((await made.proveBalance(2n))!.record).creditsPosted).toBe(
        BigInt(round * 5),
      );
    }
    expect(await readFile(join(folder, 'checkpoint'), 'utf8')).toContain(
      `${KEY_NAME}/transfers\n3\n`,
    );
  });

  it('are the same after a restart, made anew from the log', async () => {
    await writer.createAccounts(accountsBatch([account(1n), account(2n)]));
    await writer.createTransfers(transfersBatch(range(1, 600).map((id) => transfer(id))));
    const { position } = await checkpoints().covering(599);
    await opened.splice(0)[0]!.close();
    await writer.close();
    writer = await openWriter();
    expect((await checkpoints().covering(599)).position).toEqual(position);
  });

  it('end where the log was changed behind the writer', async () => {
    await writer.createAccounts(accountsBatch([account(1n), account(2n)]));
    await writer.createTransfers(transfersBatch(range(1, 100).map((id) => transfer(id))));
    const file = await open(join(folder, 'log-00000000'), 'r+');
    await file.write(Buffer.of(0xff), 0, 1, PAGE_BYTES + 200);
    await file.close();
    const follower = new LedgerFollower(folder, options);
    expect(() => follower.advance(writer.pages)).toThrow(/page 1 of the log is damaged/);
    follower.close();
    const failure = await new Promise<Error>((resolve) => checkpoints(resolve));
    expect(failure.message).toMatch(/page 1 of the log is damaged/);
  });
});
