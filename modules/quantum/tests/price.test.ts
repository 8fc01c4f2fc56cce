import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPrices, FREE, longestFor, priceMinor } from '../src/price.ts';

const GIB = 2 ** 30;
const price = fc
  .tuple(fc.nat(1_000), fc.nat(999_999))
  .map(([whole, places]) => `${whole}.${String(places).padStart(6, '0')}`);
const prices = fc.record({
  perJob: price,
  perSecond: price,
  perGibSecond: price,
  unit: fc.constantFrom('EUR', 'rUv', 'JPY'),
});
const use = fc.record({
  duration_us: fc.nat(3_600_000_000),
  memory_bytes: fc.nat(64 * GIB),
});
const SCALES = { EUR: 2, rUv: 6, JPY: 0 } as const;

describe('the price of a run', () => {
  it.each([
    [
      { perJob: '0.10', perSecond: '0', perGibSecond: '0' },
      { duration_us: 0, memory_bytes: 0 },
      10n,
    ],
    [
      { perJob: '0', perSecond: '0.01', perGibSecond: '0' },
      { duration_us: 2_000_000, memory_bytes: 0 },
      2n,
    ],
    [
      { perJob: '0', perSecond: '0', perGibSecond: '1' },
      { duration_us: 500_000, memory_bytes: GIB },
      50n,
    ],
    // A part of a minor unit is a whole one, and parts are added before that.
    [
      { perJob: '0.001', perSecond: '0', perGibSecond: '0' },
      { duration_us: 0, memory_bytes: 0 },
      1n,
    ],
    [
      { perJob: '0.001', perSecond: '0.001', perGibSecond: '0.001' },
      { duration_us: 1_000_000, memory_bytes: GIB },
      1n,
    ],
  ])('is exact: %j for %j', (list, used, expected) => {
    expect(priceMinor({ unit: 'EUR', ...list }, used)).toBe(expected);
  });

  it('is nothing where there are no prices', () => {
    fc.assert(
      fc.property(use, (used) => {
        expect(priceMinor(FREE, used)).toBe(0n);
      }),
      { seed: 1 },
    );
  });

  it('is never below the exact value, and less than a minor unit above it', () => {
    fc.assert(
      fc.property(prices, use, (list, used) => {
        const scale = SCALES[list.unit];
        const micro = (text: string) => BigInt(text.replace('.', ''));
        // In units of 10^-6 x 10^-6 / 2^30: all whole.
        const exact =
          micro(list.perJob) * 1_000_000n * BigInt(GIB) +
          micro(list.perSecond) * BigInt(used.duration_us) * BigInt(GIB) +
          micro(list.perGibSecond) * BigInt(used.duration_us) * BigInt(used.memory_bytes);
        const one = (1_000_000n * 1_000_000n * BigInt(GIB)) / 10n ** BigInt(scale);
        const charged = priceMinor(list, used) * one;
        expect(charged >= exact && charged - exact < one).toBe(true);
      }),
      { seed: 2 },
    );
  });

  it('does not fall when more is used', () => {
    fc.assert(
      fc.property(prices, use, use, (list, a, b) => {
        const more = {
          duration_us: a.duration_us + b.duration_us,
          memory_bytes: a.memory_bytes + b.memory_bytes,
        };
        expect(priceMinor(list, more) >= priceMinor(list, a)).toBe(true);
      }),
      { seed: 3 },
    );
  });
});

describe('the longest run for an amount', () => {
  it('costs no more than the amount, and a little longer may cost more', () => {
    fc.assert(
      fc.property(
        prices,
        fc.nat(8 * GIB),
        fc.bigInt(0n, 10n ** 9n),
        (list, memory_bytes, amount) => {
          const longest = longestFor(list, memory_bytes, amount);
          const costs = (duration_us: number) => priceMinor(list, { memory_bytes, duration_us });
          const isLongest =
            longest < 0
              ? costs(0) > amount
              : !Number.isSafeInteger(longest) ||
                (costs(longest) <= amount && costs(longest + 1) > amount);
          expect(isLongest).toBe(true);
        },
      ),
      { seed: 4 },
    );
  });
});

describe('a price list', () => {
  it.each([
    { unit: 'Gold' },
    { perJob: '-1' },
    { perSecond: '-0.000001' },
    { perGibSecond: '1000000001' },
  ])('is refused with %j', (bad) => {
    expect(() => checkPrices({ ...FREE, ...bad })).toThrow(
      expect.objectContaining({ code: 'AMOUNT_INVALID' }),
    );
  });
});
