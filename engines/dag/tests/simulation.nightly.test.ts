import { expect, it } from 'vitest';
import { simulateDag, viewsDisagree } from '../src/testing/index.ts';

const RUNS = 20_000;

it(
  'twenty thousand runs keep one history and come to their end',
  () => {
    const failures: unknown[] = [];
    for (let seed = 1_000_000; seed < 1_000_000 + RUNS; seed += 1) {
      const { violations, stalled } = simulateDag({ seed });
      if (violations.length > 0 || stalled !== undefined)
        failures.push({ seed, violations, stalled });
    }
    expect(failures).toEqual([]);
  },
  6 * 3_600_000,
);

it('two hundred thousand sets of views of a DAG are decided alike', () => {
  const said: unknown[] = [];
  for (let seed = 1_000; seed < 201_000; seed += 1) {
    const sentence = viewsDisagree(seed);
    if (sentence !== undefined) said.push({ seed, sentence });
  }
  expect(said).toEqual([]);
}, 3_600_000);
