import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refused } from '../src/work/orders.ts';
import { readObservable } from '../src/work/observables.ts';

describe('an observable', () => {
  it.each([
    ['Z0', [{ coefficient: 1, factors: [{ qubit: 0, pauli: 'Z' }] }]],
    ['-X2', [{ coefficient: -1, factors: [{ qubit: 2, pauli: 'X' }] }]],
    [
      '0.5*Z0 Z1 - 1e-3 y3',
      [
        {
          coefficient: 0.5,
          factors: [
            { qubit: 0, pauli: 'Z' },
            { qubit: 1, pauli: 'Z' },
          ],
        },
        { coefficient: -0.001, factors: [{ qubit: 3, pauli: 'Y' }] },
      ],
    ],
    [
      '3 + Z0*Z1',
      [
        { coefficient: 3, factors: [] },
        {
          coefficient: 1,
          factors: [
            { qubit: 0, pauli: 'Z' },
            { qubit: 1, pauli: 'Z' },
          ],
        },
      ],
    ],
    ['2 I', [{ coefficient: 2, factors: [] }]],
  ])('reads %s', (text, terms) => {
    expect(readObservable(text, 4)).toEqual(terms);
  });

  it.each([
    ['', 1, 'A term is missing'],
    ['Z0 +', 5, 'A term is missing'],
    ['+ + Z0', 3, 'A term is missing'],
    ['Z4', 1, 'no qubit 4'],
    ['Z0 Z0', 4, 'stands twice'],
    ['Z0 0.5', 4, 'beginning of a term'],
    ['Z', 1, 'needs the number'],
    ['0.5*A0', 5, 'Expected a number'],
    ['* Z0', 1, 'before this *'],
    ['1e999 Z0', 1, 'too large'],
    ['Z0 \u202e', 4, 'Expected a number'],
  ])('refuses %j with its column', (text, column, reason) => {
    expect(() => readObservable(text, 4)).toThrow(Refused);
    try {
      readObservable(text, 4);
    } catch (error) {
      expect((error as Refused).refusal).toMatchObject({
        column,
        message: expect.stringContaining(reason) as unknown,
      });
    }
  });

  it('reads back what was written, whatever the coefficients', () => {
    const factor = fc.record({
      qubit: fc.nat(9),
      pauli: fc.constantFrom('X' as const, 'Y' as const, 'Z' as const),
    });
    const term = fc.record({
      coefficient: fc
        .double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
        .filter((value) => value !== 0),
      factors: fc.uniqueArray(factor, { selector: ({ qubit }) => qubit, maxLength: 5 }),
    });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 8 }), (terms) => {
        const text = terms
          .map(({ coefficient, factors }) => {
            const sign = coefficient < 0 ? '-' : '+';
            return `${sign} ${Math.abs(coefficient)} ${factors.map(({ pauli, qubit }) => `${pauli}${qubit}`).join(' ')}`;
          })
          .join(' ');
        expect(readObservable(text, 10)).toEqual(terms);
      }),
      { seed: 5 },
    );
  });

  it('takes time in proportion to its length', () => {
    const text = Array.from({ length: 10_000 }, (_, at) => `0.5*Z${at % 7} X${7 + (at % 2)}`).join(
      ' + ',
    );
    expect(readObservable(text, 10)).toHaveLength(10_000);
    expect(() => readObservable(`${text} + Z0`, 10)).toThrow(/at most 10000 terms/);
  });
});
