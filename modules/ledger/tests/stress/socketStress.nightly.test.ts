import { expect, it } from 'vitest';
import { stress } from './stress.ts';

const TRANSFERS_MIN = 5_000;

const SEEDS = 60;

it.each(Array.from({ length: SEEDS }, (_, index) => 7_919 * (index + 1)))(
  'many senders get what the plain model says with the seed %i',
  async (seed) => {
    expect(await stress(seed)).toBeGreaterThan(TRANSFERS_MIN);
  },
);
