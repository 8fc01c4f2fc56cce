import { expect, it } from 'vitest';
import { addCounts, noCounts, PLANTED_BUGS, simulate } from '../src/testing/index.ts';

const RUNS = 500;
/** Runs within which a mistake of the writer is found. */
const RUNS_TO_FIND = 500;

it('breaks no promise in 500 simulated runs, in which everything goes wrong that can', () => {
  const counts = noCounts();
  const failed: { seed: number; violations: readonly string[] }[] = [];
  for (let seed = 1; seed <= RUNS; seed++) {
    const run = simulate(seed);
    addCounts(counts, run.counts);
    if (run.violations.length > 0) failed.push(run);
  }
  expect(failed).toEqual([]);
  for (const [name, count] of Object.entries(counts)) expect(count, name).toBeGreaterThan(0);
  expect(counts.flipsFound).toBe(counts.flips);
}, 300_000);

it('does the same again with the same seed, and something else with another', () => {
  expect(simulate(7)).toEqual(simulate(7));
  expect(simulate(7).counts).not.toEqual(simulate(8).counts);
});

it.each(PLANTED_BUGS)('finds a writer that makes the mistake %s', (bug) => {
  let seed = 1;
  while (seed <= RUNS_TO_FIND && simulate(seed, bug).violations.length === 0) seed++;
  expect(seed).toBeLessThanOrEqual(RUNS_TO_FIND);
});
