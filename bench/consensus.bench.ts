import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from './consensus/cluster.ts';
import { conditionsOf, figuresOf } from './consensus/figures.ts';
import { measureKills } from './consensus/kills.ts';
import { measureOrderings } from './consensus/orderings.ts';
import { SHAPES } from './consensus/shapes.ts';
import { percentile, type BenchRun, type Figure } from './measuring/figures.ts';

const SIZES = [4, 7, 10];
/** Of larger committees only how they grow is shown. */
const SHAPES_OF_LARGE = SHAPES.slice(0, 2);
const ROUNDS = 3;
const QUICK_SHARE = 0.1;
/** Committees that are larger share the same cores, so they get less to do. */
const LARGE_SHARE = 0.4;

/**
 * Validators in processes of their own over TCP and TLS on loopback, with real keys and logs on the disk:
 * what they carry out, how soon it is final, what it costs, and what a killed one costs the others. Then the orders
 * that bear less.
 */
export async function run(order: BenchRun): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-bench-consensus-'));
  try {
    const figures: Figure[] = [];
    for (const size of order.quick ? SIZES.slice(0, 1) : SIZES)
      figures.push(...(await measureSize(folder, size, order)));
    return [...figures, ...(await measureOrderings(order))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureSize(
  folder: string,
  size: number,
  { progress, quick }: BenchRun,
): Promise<Figure[]> {
  const isLarge = size > 4;
  const share = quick ? QUICK_SHARE : isLarge ? LARGE_SHARE : 1;
  const cluster = await Cluster.start(folder, size);
  const figures: Figure[] = [];
  try {
    for (const shape of isLarge ? SHAPES_OF_LARGE : SHAPES) {
      const loads = [];
      // The first is for code that is compiled while it runs.
      for (let round = 0; round <= (quick ? 1 : ROUNDS); round++) {
        const load = await cluster.load(shape, round === 0 ? share / 4 : share);
        if (round > 0) loads.push(load);
        const perSecond = (1_000 * load.transactions) / load.duration_ms;
        const final_ms = Math.round(percentile(load.finality_ms, 0.5));
        progress(
          `${size} validators, ${shape.name}, ${round}: ${Math.round(perSecond)}/s, final in ${final_ms} ms`,
        );
      }
      figures.push(...figuresOf(size, shape, loads));
    }
    if (!isLarge) figures.push(...(await measureKills(cluster, { progress, quick })));
    return [...figures, await idleOf(cluster)];
  } finally {
    await cluster.stop();
  }
}

/** What a validator costs that has nothing to do but to keep the rounds going. */
async function idleOf(cluster: Cluster): Promise<Figure> {
  const values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) values.push(await cluster.idle(2_000));
  const size = cluster.cast.validators;
  return {
    name: `${size} validators, nothing to do: CPU of each`,
    value: values.toSorted((a, b) => a - b)[1] ?? 0,
    unit: 'ms/s',
    runs: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    conditions: conditionsOf(size),
  };
}
