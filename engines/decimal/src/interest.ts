import type { Rounding } from './arithmetic/rounding.ts';
import { readDecimal } from './decimalText.ts';
import { refuse } from './error.ts';
import { within } from './minor.ts';
import { roundRatio, type Ratio } from './ratio.ts';

/** Most periods that are compounded in one call: daily for thirty years and more. */
export const PERIODS_MAX = 12_000;

/** A rate as a fraction: '0.05' is 5 % a year. */
function rateOf(rate: string): Ratio {
  const { coefficient, scale } = readDecimal(rate);
  return { numerator: coefficient, denominator: 10n ** BigInt(scale) };
}

/**
 * Simple interest: principal * rate * years, exact, and rounded once to minor units.
 * @param principalMinor minor units of either sign
 * @param rate a year, as a decimal: '0.05' is 5 %; of either sign
 * @param years the part of a year, of `accrual`
 * @throws DecimalError for anything else, or a result beyond 2^127 - 1
 */
export function simpleInterest(
  principalMinor: bigint,
  rate: string,
  years: Ratio,
  rounding: Rounding = 'half_even',
): bigint {
  const { numerator, denominator } = rateOf(rate);
  if (years.denominator <= 0n) refuse('a fraction has a denominator above zero');
  return within(
    roundRatio(
      {
        numerator: within(principalMinor) * numerator * years.numerator,
        denominator: denominator * years.denominator,
      },
      rounding,
    ),
  );
}

export interface Compounding {
  readonly principalMinor: bigint;
  /** A year, as a decimal: '0.05' is 5 %. */
  readonly rate: string;
  /** How many periods make a year: 1 to 366. */
  readonly periodsPerYear: number;
  /** How many of them pass: 0 to 12,000. */
  readonly periods: number;
  /**
   * Where amounts become minor units: `period` rounds the interest of each and adds it, as an account
   * that is credited does; `end` is exact until the last and rounds once.
   */
  readonly roundedAt: 'period' | 'end';
  readonly rounding?: Rounding;
}

/**
 * The interest on interest of equal periods: each bears rate / periodsPerYear.
 * @returns the interest of all periods in minor units, without the principal
 * @throws DecimalError for other numbers, a rate at which nothing is left, or a result beyond 2^127 - 1
 */
export function compoundInterest(order: Compounding): bigint {
  const { principalMinor, periodsPerYear, periods, roundedAt, rounding = 'half_even' } = order;
  const inRange = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!inRange(periodsPerYear, 1, 366)) refuse('a year has 1 to 366 periods');
  if (!inRange(periods, 0, PERIODS_MAX))
    refuse(`interest compounds over 0 to ${PERIODS_MAX} periods`);
  const year = rateOf(order.rate);
  const rate = {
    numerator: year.numerator,
    denominator: year.denominator * BigInt(periodsPerYear),
  };
  if (rate.numerator < -rate.denominator) refuse('a period does not take more than there is');
  within(principalMinor);
  return roundedAt === 'period'
    ? byPeriod(principalMinor, rate, periods, rounding)
    : atEnd(principalMinor, rate, periods, rounding);
}

function byPeriod(
  principalMinor: bigint,
  rate: Ratio,
  periods: number,
  rounding: Rounding,
): bigint {
  let amountMinor = principalMinor;
  for (let period = 0; period < periods; period += 1) {
    const numerator = amountMinor * rate.numerator;
    amountMinor = within(
      amountMinor + roundRatio({ numerator, denominator: rate.denominator }, rounding),
    );
  }
  return amountMinor - principalMinor;
}

function atEnd(principalMinor: bigint, rate: Ratio, periods: number, rounding: Rounding): bigint {
  const power = BigInt(periods);
  const growth = (rate.denominator + rate.numerator) ** power;
  const denominator = rate.denominator ** power;
  return within(
    roundRatio({ numerator: principalMinor * (growth - denominator), denominator }, rounding),
  );
}
