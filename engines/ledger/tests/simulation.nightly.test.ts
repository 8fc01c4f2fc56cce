import { expect, it } from 'vitest';
import { simulate } from '../src/testing/index.ts';

/** 20,000 runs, none of them among those of every day. */
const FIRST = 1_000_000;
const CHUNKS = 20;
const RUNS = 1_000;

it.each(Array.from({ length: CHUNKS }, (_, chunk) => FIRST + chunk * RUNS))(
  `breaks no promise in ${RUNS} simulated runs from seed %i on`,
  (first) => {
    const failed: { seed: number; violations: readonly string[] }[] = [];
    for (let seed = first; seed < first + RUNS; seed++) {
      const { violations } = simulate(seed);
      if (violations.length > 0) failed.push({ seed, violations });
    }
    expect(failed).toEqual([]);
  },
  900_000,
);
