import { setTimeout } from 'node:timers/promises';
import { percentile, type BenchRun, type Figure } from '../measuring/figures.ts';
import type { Cluster } from './cluster.ts';
import { conditionsOf } from './figures.ts';

const KILLS = 30;
const QUICK_KILLS = 2;
/** Payments at each survivor. */
const PER_SECOND = 20;
/** So long after a kill the survivors are watched: longer than any gap that is to be borne. */
const WATCHED_MS = 4_000;
const GAP_MS_MAX = 2_000;

/** Kills a validator under load, again and again: the longest gap between two commits at any survivor. */
export async function measureKills(
  cluster: Cluster,
  { progress, quick }: Pick<BenchRun, 'progress' | 'quick'>,
): Promise<Figure[]> {
  const { validators } = cluster.cast;
  const kills = quick ? QUICK_KILLS : KILLS;
  const gaps_ms: number[] = [];
  for (let at = 0; at < validators; at++)
    await cluster.child(at).ask({ kind: 'trickle', perSecond: PER_SECOND });
  for (let kill = 0; kill < kills; kill++) {
    const victim = kill % validators;
    const survivors = [...Array(validators).keys()].filter((at) => at !== victim);
    await Promise.all(survivors.map((at) => cluster.child(at).ask({ kind: 'watch' })));
    await cluster.kill(victim);
    await setTimeout(WATCHED_MS);
    const gaps = await Promise.all(
      survivors.map((at) => cluster.child(at).ask<number>({ kind: 'gap' })),
    );
    const longest_ms = Math.max(...gaps);
    gaps_ms.push(longest_ms);
    progress(`kill ${kill + 1} of ${kills}: longest gap ${Math.round(longest_ms)} ms`);
    await cluster.restart(victim);
    await cluster.child(victim).ask({ kind: 'trickle', perSecond: PER_SECOND });
    // Otherwise the next kill leaves two without a word, and none of four may commit.
    await cluster.child(victim).ask({ kind: 'takesPart' });
  }
  for (let at = 0; at < validators; at++) await cluster.child(at).ask({ kind: 'rest' });
  const shared = {
    unit: 'ms',
    runs: kills,
    min: Math.min(...gaps_ms),
    max: Math.max(...gaps_ms),
    conditions:
      `${conditionsOf(validators)}; ${PER_SECOND} payments a second at each, one of them killed (SIGKILL), ` +
      `the longest of all survivors within ${WATCHED_MS} ms`,
  };
  const name = `${validators} validators, one killed: longest gap between commits`;
  return [
    { name: `${name}, p50`, value: percentile(gaps_ms, 0.5), ...shared },
    {
      name: `${name}, p99`,
      value: percentile(gaps_ms, 0.99),
      target: { max: GAP_MS_MAX },
      ...shared,
    },
  ];
}
