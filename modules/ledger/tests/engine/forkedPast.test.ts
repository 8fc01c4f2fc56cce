import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSFER_RESULTS } from '@anarq/ledger-engine';
import { accountOf, plainTransfer, transfersBatch } from '@anarq/ledger-engine/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forkPast, type ForkOrder } from '../../src/engine/forkedPast.ts';
import { Forks } from '../../src/engine/forks.ts';
import { LedgerWriter } from '../../src/engine/index.ts';
import { accounts, transfers } from './records.ts';

/** So small that segments, snapshots, archives and runs all come in a short test. */
const SMALL = { segmentPages: 300, sealEvents: 2_048 };
const BATCHES = 60;
const EVENTS = 500;
const AMOUNT = 5n;
/** The id of a transfer that came long after the fork. */
const LATE_ID = 20_001n;

describe('the books of the past', () => {
  let folder: string;
  let writer: LedgerWriter;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ledger-'));
    writer = await LedgerWriter.open(folder, { ...SMALL, groupPages: 300, snapshotPages: 256 });
    await writer.createAccounts(accounts([1n, 2n]));
    for (let batch = 0; batch < BATCHES; batch++) {
      await writer.createTransfers(transfers(batch * EVENTS + 1, (batch + 1) * EVENTS + 1));
      // A snapshot is written while the ledger goes on; here it is waited for.
      if (batch % 18 === 17) await vi.waitFor(() => hasNewSnapshot());
    }
    await vi.waitFor(() => hasPacked());
  });
  afterAll(async () => {
    await writer.close();
    await rm(folder, { recursive: true, force: true });
  });

  const names = async (begin: string, end = '') =>
    (await readdir(folder)).filter((name) => name.startsWith(begin) && name.endsWith(end));

  const hasNewSnapshot = async () => {
    await writer.settled();
    const pages = (await names('snapshot-')).map((name) => Number(name.slice('snapshot-'.length)));
    expect(Math.max(0, ...pages)).toBeGreaterThanOrEqual(writer.pages - 290);
  };

  const hasPacked = async () => {
    expect(await names('snapshot-')).toHaveLength(2);
    expect(await names('log-', '.zst')).not.toHaveLength(0);
  };

  const order = (more: Partial<ForkOrder> = {}): ForkOrder => ({
    ...SMALL,
    folder,
    runsFolder: join(folder, 'runs'),
    pages: writer.pages,
    pagesMax: writer.pages,
    place: {},
    records: transfersBatch([plainTransfer(10n ** 9n, { debit: 2n, credit: 1n, amount: 1n })]),
    count: 1,
    accountsMax: 2,
    toldMax: 10,
    ...more,
  });

  /** What account 2 had been credited, in the books and in the fork, and what the transfer came to. */
  const credited = (of: ForkOrder) => {
    const { accounts: differing, results, sequence } = forkPast(of);
    const [second] = differing.filter(({ inBooks }) => accountOf(inBooks).id === 2n);
    return {
      sequence,
      result: results[0],
      inBooks: accountOf(second!.inBooks).creditsPosted,
      debitsInFork: accountOf(second!.inFork).debitsPosted,
    };
  };

  it.each([0, 1, 7, 31, BATCHES - 1, BATCHES])(
    'are made again from a snapshot or from the beginning: after %i calls',
    (calls) => {
      const sequence = calls * EVENTS;
      // A sequence within a call forks before it.
      for (const within of [0, EVENTS - 1]) {
        if (sequence + within > BATCHES * EVENTS) continue;
        expect(credited(order({ place: { sequence: sequence + within } }))).toStrictEqual({
          sequence,
          result: TRANSFER_RESULTS.created,
          inBooks: AMOUNT * BigInt(sequence),
          debitsInFork: 1n,
        });
      }
    },
  );

  it('go on to where the books are now, through what was packed and what lies in indexes', () => {
    const until = writer.state.lastTimestamp;
    const again = transfersBatch([plainTransfer(LATE_ID, { amount: 1n })]);
    const answer = forkPast(
      order({ place: { sequence: 3 * EVENTS }, records: again, until, toldMax: 1 }),
    );
    expect(answer.changed.map(({ result, inFork }) => [result, inFork])).toStrictEqual([
      [TRANSFER_RESULTS.created, TRANSFER_RESULTS.exists_with_different_amount],
    ]);
    // Both accounts differ, and one is told.
    expect(answer.isComplete).toBe(false);
    const [first] = answer.accounts;
    const total = AMOUNT * BigInt(BATCHES * EVENTS);
    expect(accountOf(first!.inBooks).debitsPosted).toBe(total);
    expect(accountOf(first!.inFork).debitsPosted).toBe(total - AMOUNT + 1n);
  });

  it('leave the folder as it is', async () => {
    const files = async () => {
      const all = await readdir(folder, { recursive: true });
      const stats = await Promise.all(all.map((name) => stat(join(folder, name))));
      return all.map((name, index) => [name, stats[index]!.mtimeMs, stats[index]!.size]);
    };
    const before = await files();
    forkPast(order({ place: { sequence: EVENTS }, until: writer.state.lastTimestamp }));
    expect(await files()).toStrictEqual(before);
  });

  it.each([
    ['what lies too far back', { place: { sequence: 40 * EVENTS }, until: 1n, pagesMax: 100 }],
    ['what lies too far from a snapshot', { place: { sequence: 20 * EVENTS }, pagesMax: 100 }],
    ['books of too many accounts', { accountsMax: 1 }],
  ])('are not made again for %s', (_, more) => {
    expect(() => forkPast(order(more))).toThrow(
      expect.objectContaining({ name: 'LedgerRefusal', code: 'LIMIT_EXCEEDED' }),
    );
  });

  it('are given up on a thread that takes too long, and asked for again', async () => {
    await expect(new Forks(1).run(order())).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const forks = new Forks(60_000);
    const first = forks.run(order());
    await expect(forks.run(order())).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect((await first).sequence).toBe(BATCHES * EVENTS);
    expect((await forks.run(order())).sequence).toBe(BATCHES * EVENTS);
    const last = forks.run(order());
    await Promise.all([
      forks.close(),
      expect(last).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' }),
    ]);
  });
});
