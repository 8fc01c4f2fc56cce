import { describe, expect, it } from 'vitest';
import { expectSameShots } from './sameShots.ts';

describe('every method', () => {
  it('goes through the same shots as the plainest state vector, and ends in the same state', () => {
    expect(() => expectSameShots(11, 300)).not.toThrow();
  });
});
