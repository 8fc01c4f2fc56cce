import type { AnyContract } from './contract.ts';

/** The share of calls that a module promises to answer without a failure of its own. */
export const AVAILABILITY_TARGET = 0.999;

/** Borders that every module has, so that sums over modules can be read off; the default objectives are among them. */
const COMMON_BORDERS_MS = [5, 10, 25, 50, 150, 200, 500, 1_000, 2_500, 10_000];

/** Borders of latency buckets, ascending: every objective of the module is one, so that it can be read off exactly. */
export function latencyBorders_ms(contract: Pick<AnyContract, 'operations'>): number[] {
  const borders = new Set(COMMON_BORDERS_MS);
  for (const { slo } of Object.values(contract.operations))
    for (const border of Object.values(slo)) borders.add(border);
  return [...borders].toSorted((a, b) => a - b);
}
