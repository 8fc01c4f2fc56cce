import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@anarq/store';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import { RawStore } from './rawStore.ts';

const CALLERS = [1, 8, 64];
const TEXT = 'x'.repeat(64);

/** Durable commits a second of the store, beside a worker that runs one statement a caller and no more. */
export async function measureStore({ progress, quick }: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-'));
  const store = await openStore({ file: join(folder, 'store.sqlite') });
  const raw = new RawStore(join(folder, 'raw.sqlite'));
  try {
    await raw.opened();
    await store.migrate('bench', [
      { id: 1, sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT' },
    ]);
    const insert = { sql: 'INSERT INTO t (x) VALUES (:x)', params: { x: TEXT } };
    const figures: Figure[] = [];
    for (const callers of CALLERS) {
      const each = quick ? 20 : 100;
      const ours = () => perSecond(callers, each, () => store.commit([insert]));
      const bare = () => perSecond(callers, each, () => raw.run(insert.sql, insert.params));
      await bare();
      await ours();
      const [values, against]: [number[], number[]] = [[], []];
      for (let round = 0; round < (quick ? 3 : 15); round++) {
        // In turn, and each first in half of the rounds: what the disk does weighs on both alike.
        if (round % 2 === 0) against.push(await bare());
        values.push(await ours());
        if (round % 2 === 1) against.push(await bare());
      }
      const measured = figure({
        name: `store.commits.${callers}`,
        unit: 'commits/s',
        values,
        against: { name: 'raw node:sqlite worker', values: against },
        target: { min: 0.9 },
        conditions: `one row of 64 bytes a commit, synchronous=FULL on both sides, ${callers} callers, ${callers * each} commits a round`,
      });
      progress(
        `${measured.name}: ${measured.value.toFixed(0)}/s, raw ${measured.against?.value.toFixed(0)}/s`,
      );
      figures.push(measured);
    }
    return figures;
  } finally {
    await store.close();
    await raw.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Calls a second when each of the callers calls one after the other. */
async function perSecond(
  callers: number,
  each: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let n = 0; n < each; n++) await work();
    }),
  );
  return ((callers * each) / (performance.now() - begun)) * 1_000;
}
