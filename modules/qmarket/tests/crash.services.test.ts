import { describe, expect, it } from 'vitest';
import { bought, stopWithin } from './stopWithin.ts';

// Where another point follows with no commit between, stopping there adds nothing.
const mayMatter = (point: string): boolean =>
  /^(after-|before-commit )/.test(point) && !point.includes('qdrive');

describe('a node that stops within a purchase and starts again', () => {
  it('ends the purchase once, with money and licence in agreement, wherever it stopped', async () => {
    const { ends, sold, isBalanced } = await stopWithin(mayMatter);
    expect(ends).toEqual(ends.map(({ point }) => bought(point)));
    expect([sold, isBalanced]).toEqual([ends.length, true]);
    for (const step of ['order', 'hold', 'capture', 'license', 'payout'])
      expect(ends.map(({ point }) => point)).toContain(`after-step qmarket.purchase ${step}`);
  }, 180_000);
});
