import { join } from 'node:path';
import { LedgerWriter } from '../../src/engine/index.ts';
import { accountOf, accountsBatch, transfersBatch } from '@anarq/ledger-engine/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMount, smallDisk, type SmallDisk } from '@anarq/testing';

const SMALL = { segmentPages: 300, groupPages: 300, snapshotPages: 100, sealEvents: 256 };
const DISK_MEGABYTES = 24;
const BATCH = 900;

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
const batchOf = (number: number): Uint8Array =>
  transfersBatch(
    Array.from({ length: BATCH }, (_, index) => ({
      id: BigInt(number * BATCH + index + 1),
      debit: 1n,
      credit: 2n,
      amount: 1n,
      pendingId: 0n,
      userData128: 0n,
      userData64: 0n,
      userData32: 0,
      timeout_s: 0,
      ledger: 1,
      code: 1,
      flags: 0,
      timestamp: 0n,
    })),
  );

describe.skipIf(!canMount())('a ledger on a disk that becomes full', () => {
  let disk: SmallDisk;
  let writer: LedgerWriter;
  const failures: unknown[] = [];
  const answered: number[] = [];
  const open = () =>
    LedgerWriter.open(join(disk.folder, 'ledger'), {
      ...SMALL,
      onSyncFailure: (error) => failures.push(error),
    });
  const moved = () => accountOf(writer.queries.account(1n)!).debitsPosted;

  beforeAll(async () => {
    disk = await smallDisk(DISK_MEGABYTES);
    writer = await open();
    await writer.createAccounts(accountsBatch([account(1n), account(2n)]));
  });
  afterAll(async () => {
    await writer.close();
    await disk.remove();
  });

  it('refuses batches, changes nothing by them, and answers each that waits', async () => {
    await disk.fill();
    const brought = await Promise.allSettled(
      Array.from({ length: 40 }, (_, number) => writer.createTransfers(batchOf(number))),
    );
    brought.forEach(({ status }, number) => {
      if (status === 'fulfilled') answered.push(number);
    });
    const refused = brought.filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused)
      expect(reason).toMatchObject({ name: 'LedgerRefusal', code: 'STORAGE_FULL' });
    expect(moved()).toBe(BigInt(answered.length * BATCH));
    expect(failures).toEqual([]);
  });

  it('goes on when there is room, and has the same books after a restart', async () => {
    await disk.empty();
    for (let number = 0; number < 40; number++) {
      const bring = async (): Promise<string> => {
        try {
          const { results } = await writer.createTransfers(batchOf(number));
          return results.every((result) => result === 0 || result === 46) ? 'done' : 'wrong';
        } catch (error) {
          return error instanceof Error && 'code' in error ? String(error.code) : String(error);
        }
      };
      // A full disk is taken for one for a moment after there is room again.
      await expect.poll(bring).toBe('done');
    }
    expect(moved()).toBe(BigInt(40 * BATCH));
    const hash = writer.state.stateHash();
    await writer.close();
    writer = await open();
    expect(writer.state.stateHash()).toEqual(hash);
    expect(failures).toEqual([]);
  });
});
