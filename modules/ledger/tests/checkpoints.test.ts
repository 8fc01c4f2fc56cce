import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  PAGE_BYTES,
  TransferFlag,
  verifyBalanceProof,
  verifyTransferProof,
  type TransferProof,
} from '@anarq/ledger-engine';
import {
  accountOf,
  accountsBatch,
  plainAccount,
  plainTransfer,
  transferOf,
  transfersBatch,
} from '@anarq/ledger-engine/testing';
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

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => BigInt(from + index));

describe('the checkpoints of a ledger', () => {
  it('prove a transfer and a balance to a client that has nothing but the key', async () => {
    await writer.createAccounts(accountsBatch(range(1, 40).map((id) => plainAccount(id))));
    for (let batch = 0; batch < 30; batch++)
      await writer.createTransfers(
        transfersBatch(range(batch * 40 + 1, batch * 40 + 41).map((id) => plainTransfer(id))),
      );
    await writer.createTransfers(
      transfersBatch([
        plainTransfer(9_000n, { flags: TransferFlag.PENDING }),
        plainTransfer(9_001n, { flags: TransferFlag.POST_PENDING, pendingId: 9_000n }),
      ]),
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
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    for (let round = 1; round <= 3; round++) {
      await writer.createTransfers(transfersBatch([plainTransfer(BigInt(round))]));
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

  it('are signed too where only accounts were opened', async () => {
    const made = checkpoints();
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    const provenId = async (id: bigint) => {
      const proof = await made.proveBalance(id);
      return proof === undefined ? undefined : accountOf(proof.record).id;
    };
    await expect.poll(() => provenId(2n)).toBe(2n);
    await writer.createAccounts(accountsBatch([plainAccount(3n)]));
    await expect.poll(() => provenId(3n)).toBe(3n);
    expect(verifyBalanceProof((await made.proveBalance(3n))!, vkey)).toBe(true);
    expect(made.latest?.position.events).toBe(0);
  });

  it('never cover fewer events after a restart than before', async () => {
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    for (let batch = 0; batch < 5; batch++)
      await writer.createTransfers(
        transfersBatch(
          range(batch * 4_000, batch * 4_000 + 4_000).map((id) => plainTransfer(id + 1n)),
        ),
      );
    const before = await checkpoints().covering(20_000);
    await opened.splice(0)[0]!.close();
    const first = await checkpoints().covering(0);
    expect(first).toEqual(before);
    await writer.createTransfers(transfersBatch([plainTransfer(30_000n)]));
    expect((await opened[0]!.covering(20_001)).position.events).toBe(20_001);
  });

  it('end, and tell whoever waits for them, where the log lost what was signed', async () => {
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    await writer.createTransfers(transfersBatch(range(1, 100).map((id) => plainTransfer(id))));
    await writer.close();
    const copy = await mkdtemp(join(tmpdir(), 'ledger-'));
    await cp(folder, copy, { recursive: true });
    writer = await openWriter();
    await writer.createTransfers(transfersBatch(range(100, 200).map((id) => plainTransfer(id))));
    await checkpoints().covering(199);
    await opened.splice(0)[0]!.close();
    await cp(join(folder, 'checkpoint'), join(copy, 'checkpoint'));
    await writer.close();
    await rm(folder, { recursive: true });
    folder = copy;
    writer = await openWriter();
    const damage = /does not lead to the checkpoint that was signed last: it has 99 events/;
    const failures: Error[] = [];
    const made = checkpoints((error) => failures.push(error));
    await expect(made.covering(1)).rejects.toThrow(damage);
    expect(failures.map(({ message }) => message)).toEqual([expect.stringMatching(damage)]);
    await expect(made.covering(1)).rejects.toThrow(damage);
    await expect(made.proveTransfer(1n)).rejects.toThrow(damage);
    expect(made.latest).toBeUndefined();
  });

  it('are the same after a restart, which begins with what was kept at the end', async () => {
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    await writer.createTransfers(transfersBatch(range(1, 600).map((id) => plainTransfer(id))));
    const { position } = await checkpoints().covering(599);
    await opened.splice(0)[0]!.close();
    await writer.close();
    writer = await openWriter();
    const names = await readdir(join(folder, 'follower'));
    expect(names).toContain(`snapshot-${String(writer.pages).padStart(12, '0')}`);
    const again = checkpoints();
    expect((await again.covering(599)).position).toEqual(position);
    expect(verifyTransferProof((await again.proveTransfer(3n))!, vkey)).toBe(true);
  });

  it('are signed at the end, and not of an empty ledger', async () => {
    await checkpoints().close();
    expect(await readdir(folder)).not.toContain('checkpoint');
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    const made = new Checkpoints(folder, writer, { ...options, interval_ms: 3_600_000 });
    await writer.createTransfers(transfersBatch([plainTransfer(1n)]));
    await made.close();
    expect(await readFile(join(folder, 'checkpoint'), 'utf8')).toContain(
      `${KEY_NAME}/transfers\n1\n`,
    );
  });

  it('end where the log was changed behind the writer', async () => {
    await writer.createAccounts(accountsBatch([plainAccount(1n), plainAccount(2n)]));
    await writer.createTransfers(transfersBatch(range(1, 100).map((id) => plainTransfer(id))));
    const file = await open(join(folder, 'log-00000000'), 'r+');
    await file.write(Buffer.of(0xff), 0, 1, PAGE_BYTES + 200);
    await file.close();
    const follower = new LedgerFollower(folder, options);
    expect(() => follower.advance(writer.pages)).toThrow(/page 1 of the log is damaged/);
    await follower.close();
    const failure = await new Promise<Error>((resolve) => checkpoints(resolve));
    expect(failure.message).toMatch(/page 1 of the log is damaged/);
  });
});
