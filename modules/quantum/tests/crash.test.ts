import { describe, expect, it } from 'vitest';
import { paidOnce, stopWithin } from './stopWithin.ts';

describe('a node that stops within a run and starts again', () => {
  // crash.services.test.ts stops it wherever it may matter.
  it('ends the run once, paid once, with the same result, whichever step it stopped behind', async () => {
    const { ends, isBalanced } = await stopWithin((point) =>
      point.startsWith('after-step quantum.run'),
    );
    const [first] = ends;
    expect(first?.resultHash).toMatch(/^[0-9a-f]{64}$/);
    expect(ends).toEqual(ends.map(({ point }) => paidOnce(point, first?.resultHash)));
    expect(isBalanced).toBe(true);
    for (const step of ['admit', 'hold', 'keep', 'capture'])
      expect(ends.map(({ point }) => point)).toContain(`after-step quantum.run ${step}`);
  }, 180_000);
});
