import { describe, expect, it } from 'vitest';
import { expectSameShots } from './sameShots.ts';

describe('every method, on thousands of circuits', () => {
  it.each([21, 22, 23, 24, 25])(
    'goes through the same shots as the plainest state vector (seed %d)',
    (seed) => {
      expect(() => expectSameShots(seed, 2_000)).not.toThrow();
    },
    300_000,
  );
});
