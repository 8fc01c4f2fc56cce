import { createHash } from 'node:crypto';
import { OUTCOME_CHARS_MAX, OUTCOMES_MAX } from '../limits.ts';

type Counts = readonly (readonly [bits: string, count: number])[];

/** Outcomes as they are kept: the most frequent first, equal ones by their bits, within the limits. */
export function mostFrequent(counts: ReadonlyMap<string, number>): (readonly [string, number])[] {
  const sorted = [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const kept: (readonly [string, number])[] = [];
  let chars = 0;
  for (const entry of sorted.slice(0, OUTCOMES_MAX)) {
    chars += entry[0].length;
    if (kept.length > 0 && chars > OUTCOME_CHARS_MAX) break;
    kept.push(entry);
  }
  return kept;
}

/** SHA-256 over all outcomes by their bits, and all values: equal where two runs have the same result. */
export function resultHashOf(
  counts: ReadonlyMap<string, number>,
  values: readonly { readonly value: number; readonly standardError: number }[],
): string {
  const hash = createHash('sha256');
  const all: Counts = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [bits, count] of all) hash.update(`${bits} ${count}\n`);
  for (const { value, standardError } of values) hash.update(`${value} ${standardError}\n`);
  return hash.digest('hex');
}
