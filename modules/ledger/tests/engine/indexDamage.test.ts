import { copyFile, mkdtemp, open as openFile, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE_BYTES, TRANSFER_RESULTS, TransferFlag } from '@anarq/ledger-engine';
import { accountOf, plainTransfer, transfersBatch } from '@anarq/ledger-engine/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter, type WriterOptions } from '../../src/engine/index.ts';
import { accounts, transfers } from './records.ts';

const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 300,
  snapshotPages: 40,
  sealEvents: 256,
};
/** Of an index that the newest snapshot names. */
const OLD = 20;
let folder: string;
let hash: Uint8Array;
const failures: unknown[] = [];
const writers: LedgerWriter[] = [];

async function open(options: WriterOptions = {}): Promise<LedgerWriter> {
  const writer = await LedgerWriter.open(folder, {
    ...SMALL,
    ...options,
    onSyncFailure: (error) => failures.push(error),
  });
  writers.push(writer);
  return writer;
}
const run = (name: string): string => join(folder, 'runs', name);
const closeAll = async (): Promise<void> => {
  for (const writer of writers.splice(0)) await writer.close();
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  const writer = await open();
  await writer.createAccounts(accounts([1n, 2n]));
  for (let batch = 0; batch < 20; batch++)
    await writer.createTransfers(transfers(batch * 100 + 1, batch * 100 + 101));
  while (!(await readdir(folder)).some((name) => /^snapshot-\d+$/.test(name)))
    await writer.settled();
  hash = writer.state.stateHash();
  await closeAll();
});
afterEach(async () => {
  failures.length = 0;
  await closeAll();
  await rm(folder, { recursive: true, force: true });
});

async function flip(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of(byte[0]! ^ 0x10), 0, 1, at);
  await file.close();
}

describe('an index that is not what was written', () => {
  it.each([
    ['has a bit flipped', () => flip(run('ids-0'), 100)],
    ['is cut off', () => truncate(run('ids-0'), 30)],
    ['is gone', () => rm(run('ids-0'))],
    ['is another one', () => copyFile(run('ids-1'), run('ids-0'))],
  ])('is not believed where it %s: no transfer is made twice', async (_, damage) => {
    await damage();
    const damaged = await open();
    const again = damaged.createTransfers(transfers(OLD, OLD + 1));
    await expect(again).rejects.toThrow(/the index ids-0 of the ledger is damaged/);
    expect(failures).toHaveLength(1);
    await expect(damaged.createTransfers(transfers(9_000, 9_001))).rejects.toThrow(/is damaged/);
    await closeAll();
    // The next start makes the index again from the log.
    const whole = await open();
    expect(whole.state.stateHash()).toEqual(hash);
    const { results } = await whole.createTransfers(transfers(OLD, OLD + 1));
    expect([...results]).toEqual([TRANSFER_RESULTS.exists]);
  });

  it('is told to whoever asks, and the ledger goes on', async () => {
    await flip(run('postings-0'), 8);
    const writer = await open();
    const ask = () =>
      writer.queries.accountTransfers({ accountId: 1n, limit: 5, debits: true, credits: true });
    expect(ask).toThrow(/the index postings-0 of the ledger is damaged/);
    const { results } = await writer.createTransfers(transfers(9_000, 9_001));
    expect([...results]).toEqual([TRANSFER_RESULTS.created]);
  });
});

describe('a page of the log from before the snapshot', () => {
  it('is not believed where it was damaged', async () => {
    const writer = await open();
    const page = writer.state.placeOf(OLD - 1).page;
    await closeAll();
    await flip(join(folder, 'log-00000000'), page * PAGE_BYTES + 500);
    const damaged = await open();
    expect(() => damaged.queries.transfer(BigInt(OLD))).toThrow(
      `page ${page} of the log is damaged`,
    );
    const again = damaged.createTransfers(transfers(OLD, OLD + 1));
    await expect(again).rejects.toThrow(/of the log is damaged/);
    expect(failures).toHaveLength(1);
  });

  it('stops the books where a hold on it is over, and the batch that came next does not happen', async () => {
    let now = BigInt(Date.now()) * 1_000_000n;
    const writer = await open({ now: () => now });
    const held = plainTransfer(5_000n, { flags: TransferFlag.PENDING, timeout_s: 60 });
    const { page } = await writer.createTransfers(transfersBatch([held]));
    for (let batch = 60; batch < 80; batch++)
      await writer.createTransfers(transfers(batch * 100 + 1, batch * 100 + 101));
    const snapshots = async (): Promise<number[]> =>
      (await readdir(folder))
        .filter((name) => /^snapshot-\d+$/.test(name))
        .map((name) => Number(name.slice('snapshot-'.length)));
    await expect.poll(async () => Math.max(...(await snapshots()))).toBeGreaterThan(page);
    await closeAll();
    await flip(join(folder, 'log-00000000'), page * PAGE_BYTES + 500);
    const damaged = await open({ now: () => now });
    const moved = () => accountOf(damaged.queries.account(1n)!).debitsPosted;
    const before = moved();
    now += 3_600_000_000_000n;
    const next = damaged.createTransfers(transfers(9_000, 9_001));
    await expect(next).rejects.toThrow(`page ${page} of the log is damaged`);
    expect(failures).toHaveLength(1);
    expect(moved()).toBe(before);
    expect(damaged.queries.transfer(9_000n)).toBeUndefined();
  });
});
