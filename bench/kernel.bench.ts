import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { qindex } from '@anarq/qindex/contract';
import { openStore } from '@anarq/store';
import { startTestNode } from '@anarq/testing';

interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  readonly min: number;
  readonly max: number;
  readonly against?: { readonly name: string; readonly value: number; readonly ratio: number };
  readonly conditions: string;
}

const MAIN = join(import.meta.dirname, '../apps/cli/src/main.ts');
const ROUNDS = 5;

/** Start of a node, and durable calls a second beside what the bare store does in the same round. */
export async function run(progress: (line: string) => void): Promise<Measured[]> {
  return [...(await measureStart(progress)), ...(await measureCalls(progress))];
}

async function measureStart(progress: (line: string) => void): Promise<Measured[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  try {
    const args = [
      'up',
      '--empty',
      '--json',
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
      '--keys',
      join(folder, 'keys'),
    ];
    const first = [await startOnce(args)];
    progress(`first start on an empty folder: ${Math.round(first[0]!)} ms`);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await startOnce(args));
    return [
      figure(
        'start.first_answer',
        times,
        'ms',
        'process start to first answered request, existing data, warm file cache',
      ),
      figure(
        'start.founding',
        first,
        'ms',
        'the same on an empty folder: keys, tables and identities are made',
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from spawning the process to the answer of its first request. */
async function startOnce(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { url } = JSON.parse(line) as { url: string };
      await (await fetch(`${url}/health`)).json();
      return performance.now() - begun;
    }
    throw new Error('the node ended before it was up');
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

const CALLERS = [1, 8, 64];
const CALLS = 640;

async function measureCalls(progress: (line: string) => void): Promise<Measured[]> {
  const node = await startTestNode();
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  const store = await openStore({ file: join(folder, 'bare.sqlite') });
  await store.migrate('bench', [
    { id: 1, sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT' },
  ]);
  try {
    const figures: Measured[] = [];
    let made = 0;
    for (const callers of CALLERS) {
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // New people each round: the rate limit of an identity is not what is measured.
        const people = await Promise.all(
          Array.from({ length: callers }, (_, i) => node.person(`p${callers}.${round}.${i}`)),
        );
        ours.push(await perSecond(people, (person) => person.call(qindex.put, entry(made++))));
        bare.push(await perSecond(people, () => store.commit([insert])));
        progress(
          `${callers} callers, round ${round + 1}: ${Math.round(ours.at(-1) ?? 0)} calls/s, bare store ${Math.round(bare.at(-1) ?? 0)} commits/s`,
        );
      }
      const limit = median(bare);
      const measured = figure(
        `calls.durable.${callers}`,
        ours,
        'calls/s',
        `qindex.put with a full signature made in the same process, ${callers} callers`,
      );
      figures.push({
        ...measured,
        against: { name: 'bare store commits', value: limit, ratio: measured.value / limit },
      });
    }
    return figures;
  } finally {
    await store.close();
    await node.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const entry = (n: number) => ({
  type: 'bench',
  key: `k${n}`,
  cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  tags: [],
  visibility: 'owner' as const,
});

const insert = { sql: 'INSERT INTO t (x) VALUES (:x)', params: { x: 'x'.repeat(64) } };

/** Calls a second when each of the callers calls one after the other. */
async function perSecond<T>(
  callers: readonly T[],
  work: (caller: T) => Promise<unknown>,
): Promise<number> {
  const total = Math.max(callers.length * 4, Math.min(CALLS, callers.length * 40));
  let left = total;
  const begun = performance.now();
  await Promise.all(
    callers.map(async (caller) => {
      while (left-- > 0) await work(caller);
    }),
  );
  return (total / (performance.now() - begun)) * 1000;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const figure = (
  name: string,
  values: readonly number[],
  unit: string,
  conditions: string,
): Measured => ({
  name,
  value: median(values),
  unit,
  runs: values.length,
  min: Math.min(...values),
  max: Math.max(...values),
  conditions,
});
