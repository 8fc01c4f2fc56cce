import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BATCH_EVENTS_MAX, PAGE_BYTES, PAGE_RECORDS } from '@anarq/ledger-engine';
import type { BooksArgument } from './ledger/books.ts';
import type { Load } from './ledger/drive.ts';
import { openOnce } from './ledger/recovery.ts';
import { Child } from './measuring/child.ts';
import { figure, type BenchRun, type Figure } from './measuring/figures.ts';
import { logLogPlot, type Panel } from './measuring/logLogPlot.ts';

const SIZES = [100_000, 316_000, 1_000_000, 3_160_000, 10_000_000, 31_600_000, 100_000_000];
const ACCOUNTS = 10_000;
const OPENED_TIMES = 3;
/** A size that would take longer to fill than this, by what the one before took, is left out. */
const FILL_MS_MAX = 900_000;
/** The log, what is made ahead of it, the indexes and snapshots; and half as much again. */
const BYTES_A_TRANSFER = (PAGE_BYTES / PAGE_RECORDS) * 1.5;

interface Sample {
  /** Transfers in the log. */
  readonly size: number;
  readonly transfer_us: number;
  readonly memory_mib: number;
  readonly recovery_ms: readonly number[];
}

const PARTS = [
  { name: 'transfer', title: 'Time of a transfer', unit: 'µs' },
  { name: 'memory', title: 'Memory', unit: 'MiB' },
  { name: 'recovery', title: 'Time to open', unit: 'ms' },
] as const;

/**
 * What a transfer takes, how much memory the ledger holds, and how long it takes to open, as its log
 * grows; beside what they were with the fewest. Draws it as well, where a path is given for that.
 */
export async function run(order: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-growth-'));
  try {
    const samples = await grow(folder, order);
    if (order.plotPath !== undefined) await writeFile(order.plotPath, plotOf(samples));
    return figuresOf(samples);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function grow(folder: string, { progress, quick }: BenchRun): Promise<Sample[]> {
  const argument: BooksArgument = { folder, options: {} };
  const samples: Sample[] = [];
  for (const size of quick ? SIZES.slice(0, 2) : SIZES) {
    const before = samples.at(-1);
    const from = before?.size ?? 0;
    const more = Math.ceil(size / BATCH_EVENTS_MAX) * BATCH_EVENTS_MAX - from;
    const why = await leftOut(folder, more, before);
    if (why !== undefined) {
      progress(`${size} and more: left out, ${why}`);
      break;
    }
    const sample = await sampleAt(argument, from, more);
    samples.push(sample);
    progress(
      `${sample.size}: ${sample.transfer_us.toFixed(3)} µs, ${Math.round(sample.memory_mib)} MiB, opens in ${sample.recovery_ms.map(Math.round).join(' ')} ms`,
    );
  }
  return samples;
}

/** Why so many more transfers are too many here. */
async function leftOut(
  folder: string,
  more: number,
  before: Sample | undefined,
): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(folder);
  const needed_bytes = more * BYTES_A_TRANSFER;
  if (bavail * bsize < needed_bytes)
    return `they take ${Math.round(needed_bytes / 2 ** 30)} GiB of disk`;
  if (before === undefined) return undefined;
  const expected_ms = (more * before.transfer_us) / 1_000;
  return expected_ms > FILL_MS_MAX ? `they take ${Math.round(expected_ms / 1_000)} s` : undefined;
}

async function sampleAt(argument: BooksArgument, from: number, more: number): Promise<Sample> {
  const child = new Child(new URL('./ledger/books.ts', import.meta.url), argument);
  let load: Load;
  let memory_bytes: number;
  try {
    await child.ask({ kind: 'open' });
    if (from === 0) await child.ask({ kind: 'accounts', count: ACCOUNTS });
    const shape = {
      batch: BATCH_EVENTS_MAX,
      mix: 'plain',
      ids: 'rising',
      accounts: ACCOUNTS,
      depth: 4,
    };
    // The second half is measured: in the first one, code is compiled while it runs.
    const requests = more / BATCH_EVENTS_MAX;
    const first = requests >>> 1;
    await child.ask({ kind: 'load', shape: { ...shape, requests: first } });
    load = await child.ask<Load>({ kind: 'load', shape: { ...shape, requests: requests - first } });
    memory_bytes = await child.memory_bytes();
  } finally {
    await child.stop();
  }
  const recovery_ms: number[] = [];
  for (let at = 0; at < OPENED_TIMES; at++) recovery_ms.push((await openOnce(argument)).open_ms);
  return {
    size: from + more,
    transfer_us: 1e6 / load.perSecond,
    memory_mib: memory_bytes / 2 ** 20,
    recovery_ms,
  };
}

const valuesOf = (
  { transfer_us, memory_mib, recovery_ms }: Sample,
  name: (typeof PARTS)[number]['name'],
): readonly number[] =>
  ({ transfer: [transfer_us], memory: [memory_mib], recovery: recovery_ms })[name];

const middleOf = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

function figuresOf(samples: readonly Sample[]): Figure[] {
  const [first] = samples;
  return samples.flatMap((sample) =>
    PARTS.map(({ name, unit }) => {
      const values = valuesOf(sample, name);
      const least = first === undefined ? [] : valuesOf(first, name);
      return figure({
        name: `ledger-growth.${name}.${sample.size}`,
        unit,
        values,
        ...(first === undefined ? {} : { against: { name: `with ${first.size}`, values: least } }),
        conditions: `in-process, ${sample.size} transfers in the log, ${ACCOUNTS} accounts, batch ${BATCH_EVENTS_MAX}, depth 4, durable (answered after fdatasync), ids rising, all checks with full result codes; snapshots and archives as they come`,
      });
    }),
  );
}

/** The plot of docs/. */
function plotOf(samples: readonly Sample[]): string {
  const panels = PARTS.map(({ name, title, unit }): Panel => ({
    title,
    unit,
    points: samples.map((sample) => [sample.size, middleOf(valuesOf(sample, name))] as const),
  }));
  const last = samples.at(-1)?.size ?? 0;
  return logLogPlot(
    `Time of a transfer, memory, and time to open of a ledger of up to ${last} transfers`,
    'transfers in the log',
    panels,
  );
}
