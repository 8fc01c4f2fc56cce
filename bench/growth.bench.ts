import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOfCalls, start } from './kernel/calls.ts';
import { startOnce } from './kernel/start.ts';
import { Child } from './measuring/child.ts';
import { figure, type BenchRun, type Figure } from './measuring/figures.ts';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];
const ROUNDS = 5;
/** A size that would take longer to fill than this, by what the one before took, is left out. */
const FILL_MS_MAX = 600_000;

interface Sample {
  readonly read: number[];
  readonly write: number[];
  readonly start: number;
  readonly memory: number;
  /** How long it took to put in what is new. */
  readonly fill_ms: number;
}

/**
 * What calls, a start and the memory at rest cost with so many grants, records and idempotency keys
 * of other people in the store; beside what they cost with the fewest.
 */
export async function run(order: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  const load = new Child(new URL('./kernel/load.ts', import.meta.url), null);
  const samples: [number, Sample][] = [];
  try {
    let size = 0;
    let fill_ms = 0;
    for (const next of order.quick ? SIZES.slice(0, 2) : SIZES) {
      if (size > 0 && fill_ms * (next / size) > FILL_MS_MAX) {
        order.progress(`${next}: left out, filling ${size} took ${Math.round(fill_ms / 1_000)} s`);
        break;
      }
      const measured = await sample(folder, load, size, next, order);
      samples.push([next, measured]);
      fill_ms = measured.fill_ms;
      size = next;
    }
  } finally {
    await load.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const [first] = samples;
  return samples.flatMap(([size, at]) =>
    (['read', 'write', 'start', 'memory'] as const).map((what) =>
      figure({
        name: `growth.${what}.${size}`,
        unit: { read: 'µs CPU/call', write: 'µs CPU/call', start: 'ms', memory: 'MiB' }[what],
        values: [at[what]].flat(),
        ...(first === undefined
          ? {}
          : { against: { name: `with ${first[0]}`, values: [first[1][what]].flat() } }),
        conditions: `${size} grants of 3.5 kB, records and keys of 100,000 others in the store`,
      }),
    ),
  );
}

async function sample(
  folder: string,
  load: Child,
  from: number,
  to: number,
  { progress, quick }: BenchRun,
): Promise<Sample> {
  const [read, write]: [number[], number[]] = [[], []];
  const side = await start('./nodeServer.ts', {
    folder,
    rows: 1_000,
    callers: 32,
  });
  const begun_ms = performance.now();
  let fill_ms = 0;
  try {
    await side.child.ask({ kind: 'grow', from, to });
    fill_ms = performance.now() - begun_ms;
    const calls = quick ? 200 : 1_500;
    for (let round = 0; round <= (quick ? 1 : ROUNDS); round++)
      for (const [what, values] of [
        ['read', read],
        ['write', write],
      ] as const) {
        const { cpu_us } = await cpuOfCalls(load, side, { what, proof: 'session', calls });
        // The first is for the caches.
        if (round > 0) values.push(cpu_us);
      }
  } finally {
    await side.child.stop();
  }
  const places = ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
  const { first_ms, rest_mib } = await startOnce([
    'up',
    '--empty',
    '--json',
    '--port',
    '0',
    ...places,
  ]);
  progress(
    `${to}: read ${read.map(Math.round).join(' ')} µs, write ${write.map(Math.round).join(' ')} µs, start ${Math.round(first_ms)} ms, memory ${Math.round(rest_mib ?? 0)} MiB`,
  );
  return { read, write, start: first_ms, memory: rest_mib ?? Number.NaN, fill_ms };
}
