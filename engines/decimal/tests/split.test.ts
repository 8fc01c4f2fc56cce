import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, DecimalError, MINOR_MAX, shareOfBasisPoints } from '../src/index.ts';

const totals = fc.bigInt({ min: -MINOR_MAX, max: MINOR_MAX });
const weightLists = fc
  .array(fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: MINOR_MAX })), {
    minLength: 1,
    maxLength: 20,
  })
  .filter((weights) => weights.some((weight) => weight > 0n));

const sumOf = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

describe('allocate', () => {
  it('gives what is left over to the largest remainders, the lower index first', () => {
    expect(allocate(100n, [1n, 1n, 1n])).toEqual([34n, 33n, 33n]);
    expect(allocate(5n, [1n, 1n, 1n, 1n])).toEqual([2n, 1n, 1n, 1n]);
    expect(allocate(10n, [1n, 2n, 3n])).toEqual([2n, 3n, 5n]);
    expect(allocate(1n, [1n, 3n])).toEqual([0n, 1n]);
    expect(allocate(-100n, [1n, 1n, 1n])).toEqual([-34n, -33n, -33n]);
    expect(allocate(0n, [7n])).toEqual([0n]);
  });

  it('adds up to the total exactly', () => {
    fc.assert(
      fc.property(totals, weightLists, (total, weights) => {
        expect(sumOf(allocate(total, weights))).toBe(total);
      }),
    );
  });

  it('stays within one unit of each exact quota, and gives nothing for no weight', () => {
    fc.assert(
      fc.property(totals, weightLists, (total, weights) => {
        const sum = sumOf(weights);
        for (const [index, share] of allocate(total, weights).entries()) {
          const error = share * sum - total * weights[index]!;
          expect(error < 0n ? -error : error).toBeLessThan(sum);
          if (weights[index] === 0n) expect(share).toBe(0n);
        }
      }),
    );
  });

  it('never gives a smaller weight more than a larger one', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MINOR_MAX }), weightLists, (total, weights) => {
        const shares = allocate(total, weights);
        const ranked = weights
          .map((weight, index) => ({ weight, index, share: shares[index]! }))
          .toSorted((a, b) =>
            a.weight > b.weight ? -1 : a.weight < b.weight ? 1 : a.index - b.index,
          )
          .map(({ share }) => share);
        const descending = ranked.toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0));
        expect(ranked).toEqual(descending);
      }),
      { numRuns: 50 },
    );
  });

  it('depends on the ratio of the weights alone', () => {
    fc.assert(
      fc.property(
        totals,
        fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 10 }),
        fc.bigInt({ min: 1n, max: 1_000n }),
        (total, weights, factor) => {
          expect(
            allocate(
              total,
              weights.map((weight) => weight * factor),
            ),
          ).toEqual(allocate(total, weights));
        },
      ),
    );
  });

  it('refuses no weights, too many, negative ones, zeros alone, and numbers beyond the ledger', () => {
    for (const weights of [[], [0n, 0n], [1n, -1n], [MINOR_MAX + 1n], Array(10_001).fill(1n)])
      expect(() => allocate(1n, weights)).toThrow(DecimalError);
    expect(() => allocate(MINOR_MAX + 1n, [1n])).toThrow(DecimalError);
  });
});

describe('a share in basis points', () => {
  it('is rounded down, so that a fee never takes more than its rate', () => {
    expect(shareOfBasisPoints(999n, 250n)).toBe(24n);
    expect(shareOfBasisPoints(1n, 9_999n)).toBe(0n);
    expect(shareOfBasisPoints(1_000n, 10_000n)).toBe(1_000n);
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: MINOR_MAX }),
        fc.bigInt({ min: 0n, max: 10_000n }),
        (total, basisPoints) => {
          const share = shareOfBasisPoints(total, basisPoints);
          const exact = total * basisPoints;
          expect(share * 10_000n <= exact && exact < (share + 1n) * 10_000n).toBe(true);
        },
      ),
    );
  });

  it('is refused of less than nothing, or of more than the whole', () => {
    for (const [total, points] of [
      [-1n, 1n],
      [1n, -1n],
      [1n, 10_001n],
      [MINOR_MAX + 1n, 1n],
    ] as const)
      expect(() => shareOfBasisPoints(total, points)).toThrow(DecimalError);
  });
});
