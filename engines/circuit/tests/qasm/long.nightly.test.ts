import { describe, expect, it } from 'vitest';
import { changedTexts, counterexample } from './changed.ts';
import { writtenAndRead } from './generated.ts';

describe('texts of OpenQASM, many of them', () => {
  it('are circuits, or refused with their place, however they were changed', () => {
    expect(counterexample(changedTexts, { numRuns: 60_000, seed: 977 })).toBeUndefined();
  }, 600_000);

  it('read as the circuits they were written from', () => {
    expect(counterexample(writtenAndRead, { numRuns: 4_000, seed: 4242 })).toBeUndefined();
  }, 600_000);
});
