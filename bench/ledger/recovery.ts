import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { Child } from '../measuring/child.ts';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import type { BooksArgument, Opened } from './books.ts';

const ACCOUNTS = 10_000;
const ROUNDS = 5;
/** A snapshot for about every 250,000 transfers, or none at all. */
const SNAPSHOT_PAGES = 8_192;
const NEVER_PAGES = 2 ** 40;

const CASES = [
  { name: '1e5', batches: 12, snapshotPages: NEVER_PAGES },
  { name: '1e6', batches: 122, snapshotPages: NEVER_PAGES },
  { name: '1e6.snapshots', batches: 122, snapshotPages: SNAPSHOT_PAGES },
];

/** How long a ledger takes to open, in a process that just began, by what is in its log. */
export async function measureRecovery(
  folder: string,
  { progress, quick }: BenchRun,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, batches, snapshotPages } of quick ? CASES.slice(0, 1) : CASES) {
    const argument: BooksArgument = {
      folder: join(folder, `recovery-${name}`),
      options: { snapshotPages },
    };
    await mkdir(argument.folder);
    await fill(argument, batches);
    const values: number[] = [];
    let opened: Opened | undefined;
    for (let round = 0; round < (quick ? 2 : ROUNDS); round++) {
      opened = await openOnce(argument);
      values.push(opened.open_ms);
    }
    await rm(argument.folder, { recursive: true });
    progress(`recovery ${name}: ${values.map(Math.round).join(' ')} ms`);
    const { events, replayed } = opened ?? { events: 0, replayed: 0 };
    const from = snapshotPages === NEVER_PAGES ? 'no snapshot' : 'newest snapshot';
    figures.push(
      figure({
        name: `ledger.recovery.${name}`,
        unit: 'ms',
        values,
        conditions: `in-process, opening a ledger of ${events} transfers and ${ACCOUNTS} accounts in a new process, file cache warm; ${from}, ${replayed} batches of ${BATCH_EVENTS_MAX} or accounts read, verified (CRC-32, hash chain, result codes) and applied again`,
      }),
    );
  }
  return figures;
}

async function fill(argument: BooksArgument, batches: number): Promise<void> {
  const child = new Child(new URL('./books.ts', import.meta.url), argument);
  try {
    await child.ask({ kind: 'open' });
    await child.ask({ kind: 'accounts', count: ACCOUNTS });
    const shape = {
      batch: BATCH_EVENTS_MAX,
      mix: 'plain',
      ids: 'rising',
      accounts: ACCOUNTS,
      depth: 4,
      requests: batches,
    };
    await child.ask({ kind: 'load', shape });
  } finally {
    await child.stop();
  }
}

/** Opens a ledger in a process that is there for nothing else. */
export async function openOnce(
  argument: BooksArgument,
): Promise<Opened & { memory_bytes: number }> {
  const child = new Child(new URL('./books.ts', import.meta.url), argument);
  try {
    const opened = await child.ask<Opened>({ kind: 'open' });
    return { ...opened, memory_bytes: await child.memory_bytes() };
  } finally {
    await child.stop();
  }
}
