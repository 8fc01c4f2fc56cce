import { repetitionCode } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { decodeCounts } from '../../src/stabiliser/decodeCounts.ts';

describe('counts of a memory', () => {
  /** Two rounds of two checks, then three data qubits; the last result stands first. */
  const memory = repetitionCode({ distance: 3, rounds: 2, noise: 0.01 });
  const record = (data: string, second = '00', first = '00') =>
    [...first, ...second, ...data].toReversed().join('');

  it.each([
    ['nothing', record('000'), { read: 0, decoded: 0 }],
    ['the qubit that is read, at the end', record('001'), { read: 1, decoded: 0 }],
    ['another, before the second round', record('100', '10'), { read: 0, decoded: 0 }],
    ['a check alone', record('000', '01'), { read: 0, decoded: 0 }],
    ['two of three, which is more than the code corrects', record('110'), { read: 0, decoded: 1 }],
    ['all three, which no check sees', record('111'), { read: 1, decoded: 1 }],
  ])('are decoded where it flipped: %s', (_, bits, { read, decoded }) => {
    const counts = [
      { bits, count: 3 },
      { bits: record('000'), count: 5 },
    ];
    expect(decodeCounts(memory, counts)).toEqual({ read: 3 * read, decoded: 3 * decoded });
  });
});
