import { describe, expect, it } from 'vitest';
import { paidOnce, stopWithin } from './stopWithin.ts';

// Where another point follows with no commit between, stopping there adds nothing.
const mayMatter = (point: string): boolean => /^(after-|before-commit )/.test(point);

describe('a node that stops within a run and starts again', () => {
  it('ends the run once, paid once, with the same result, wherever it stopped', async () => {
    const { ends, isBalanced } = await stopWithin(mayMatter);
    const [first] = ends;
    expect(ends).toEqual(ends.map(({ point }) => paidOnce(point, first?.resultHash)));
    expect(isBalanced).toBe(true);
    expect(ends.length).toBeGreaterThan(8);
  }, 300_000);
});
