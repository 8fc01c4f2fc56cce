import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accrual,
  compoundInterest,
  DecimalError,
  MINOR_MAX,
  PERIODS_MAX,
  ratio,
  roundRatio,
  simpleInterest,
  type Compounding,
} from '../src/index.ts';

describe('simple interest', () => {
  it('is principal times rate times years, rounded once', () => {
    expect(simpleInterest(1_000_000n, '0.05', ratio(1n, 1n))).toBe(50_000n);
    // 10,000.00 at 3.65 % for 100 days: ACT/365F gives 100.00, ACT/360 101.39.
    const [from, to] = ['2025-01-01', '2025-04-11'];
    expect(simpleInterest(1_000_000n, '0.0365', accrual('ACT/365F', from, to).years)).toBe(10_000n);
    expect(simpleInterest(1_000_000n, '0.0365', accrual('ACT/360', from, to).years)).toBe(10_139n);
    expect(simpleInterest(1_000_000n, '-0.005', ratio(1n, 2n))).toBe(-2_500n);
  });

  it('is rounded at a half as it is told', () => {
    const half = ratio(1n, 2n);
    expect(simpleInterest(1n, '1', half, 'half_even')).toBe(0n);
    expect(simpleInterest(1n, '1', half, 'half_up')).toBe(1n);
    expect(simpleInterest(-1n, '1', half, 'half_up')).toBe(-1n);
    expect(simpleInterest(-1n, '1', half, 'ceiling')).toBe(0n);
    expect(simpleInterest(3n, '1', half, 'half_even')).toBe(2n);
  });
});

const order = (changed: Partial<Compounding>): Compounding => ({
  principalMinor: 100_000n,
  rate: '0.05',
  periodsPerYear: 12,
  periods: 12,
  roundedAt: 'end',
  ...changed,
});

describe('compound interest', () => {
  it('differs with where it is rounded', () => {
    // 1,000.00 at 5 %, monthly for a year: 1.05116189788... times.
    expect(compoundInterest(order({}))).toBe(5_116n);
    // Ten cents at 12 % a month, ten times over: a tenth of a cent each month is lost by period.
    const small = { principalMinor: 10n, rate: '0.12', periods: 24 };
    expect(compoundInterest(order({ ...small, roundedAt: 'period' }))).toBe(0n);
    expect(compoundInterest(order({ ...small, roundedAt: 'end' }))).toBe(3n);
  });

  it('credited by period is simple interest on what the account holds, period by period', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        fc.integer({ min: 0, max: 9_999 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(1, 2, 4, 12, 365),
        (principalMinor, points, periods, periodsPerYear) => {
          const rate = `0.${String(points).padStart(4, '0')}`;
          let held = principalMinor;
          for (let at = 0; at < periods; at += 1)
            held += simpleInterest(held, rate, ratio(1n, BigInt(periodsPerYear)));
          const given = { principalMinor, rate, periods, periodsPerYear };
          expect(compoundInterest({ ...given, roundedAt: 'period' })).toBe(held - principalMinor);
          const exact = compoundInterest({ ...given, roundedAt: 'end' });
          expect(exact).toBeGreaterThanOrEqual(
            simpleInterest(
              principalMinor,
              rate,
              ratio(BigInt(periods), BigInt(periodsPerYear)),
              'floor',
            ),
          );
        },
      ),
    );
  });

  it('of no period is nothing, and of thirty years by day is exact', () => {
    expect(compoundInterest(order({ periods: 0 }))).toBe(0n);
    const daily = order({ rate: '0.0365', periodsPerYear: 365, periods: 10_950 });
    // 1.0001 ^ 10,950 = 2.98902...
    expect(compoundInterest(daily)).toBe(198_902n);
  });

  it('is refused for other numbers, and beyond the ledger', () => {
    for (const changed of [
      { periods: -1 },
      { periods: 1.5 },
      { periods: PERIODS_MAX + 1 },
      { periodsPerYear: 0 },
      { periodsPerYear: 367 },
      { rate: '5%' },
      { rate: '-13' },
      { principalMinor: MINOR_MAX + 1n },
      { principalMinor: MINOR_MAX, rate: '1', periods: 24 },
      { principalMinor: MINOR_MAX, rate: '1', periods: 24, roundedAt: 'period' as const },
    ])
      expect(
        () => compoundInterest(order(changed)),
        JSON.stringify(changed, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v)),
      ).toThrow(DecimalError);
  });
});

describe('a fraction', () => {
  it('is rounded to within one, and never past a half the wrong way', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        (numerator, denominator) => {
          const at = (rounding: Parameters<typeof roundRatio>[1]) =>
            roundRatio({ numerator, denominator }, rounding);
          expect(at('floor') * denominator <= numerator).toBe(true);
          expect(at('ceiling') * denominator >= numerator).toBe(true);
          expect(at('ceiling') - at('floor')).toBeLessThanOrEqual(1n);
          expect(at('down')).toBe(numerator < 0n ? at('ceiling') : at('floor'));
          const off = 2n * (at('half_even') * denominator - numerator);
          expect((off < 0n ? -off : off) <= denominator).toBe(true);
        },
      ),
    );
  });

  it('has a denominator above zero', () => {
    expect(() => ratio(1n, 0n)).toThrow(DecimalError);
    expect(ratio(-4n, 6n)).toEqual({ numerator: -2n, denominator: 3n });
  });
});
