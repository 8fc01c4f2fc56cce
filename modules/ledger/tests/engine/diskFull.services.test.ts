import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LedgerWriter } from '../../src/engine/index.ts';
import { Segments } from '../../src/engine/segments.ts';
import { accountOf } from '@anarq/ledger-engine/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMount, smallDisk, type SmallDisk } from '@anarq/testing';
import { accounts, transfers } from './records.ts';

const SMALL = { segmentPages: 300, groupPages: 300, snapshotPages: 100, sealEvents: 256 };
const DISK_MEGABYTES = 24;
const BATCH = 900;

const batchOf = (number: number): Uint8Array =>
  transfers(number * BATCH + 1, (number + 1) * BATCH + 1, () => ({ amount: 1n }));

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
    await writer.createAccounts(accounts([1n, 2n]));
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
      expect(reason).toMatchObject({ name: 'LedgerRefusal', code: 'QDRIVE_STORAGE_FULL' });
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

describe.skipIf(!canMount())('a segment for which there is no room', () => {
  let disk: SmallDisk;
  beforeAll(async () => {
    disk = await smallDisk(3);
  });
  afterAll(() => disk.remove());

  it('leaves what there is to others: to an index, to a snapshot', async () => {
    const segments = new Segments(disk.folder, 512);
    await segments.prepare();
    await expect(segments.prepare()).rejects.toMatchObject({ code: 'ENOSPC' });
    await writeFile(join(disk.folder, 'index'), new Uint8Array(900_000));
    segments.close();
  });
});
