import { fail } from '@anarq/common-schemas';
import {
  addRatios,
  compareDecimal,
  DecimalError,
  parseMinor,
  ratio,
  roundRatio,
  unitOf,
  type Ratio,
} from '@anarq/decimal';
import type { PriceList } from './store.ts';

/** Where the operator has set no prices, runs are free. */
export const FREE: PriceList = { unit: 'rUv', perJob: '0', perSecond: '0', perGibSecond: '0' };

/** What a run used, in whole numbers: so that the price is exact. */
export interface Use {
  readonly duration_us: number;
  readonly memory_bytes: number;
}

/** The most of each price, in whole units. */
const PRICE_MAX = '1000000000';
const DIGITS = 18;
const US = 1_000_000n;
const GIB = 1n << 30n;

/**
 * The price of a use in minor units: the exact sum of its parts, rounded up to the minor unit once.
 *
 * @example priceMinor({ unit: 'EUR', perJob: '0.01', perSecond: '0', perGibSecond: '0.001' }, use)
 */
export function priceMinor(list: PriceList, { duration_us, memory_bytes }: Use): bigint {
  const us = BigInt(duration_us);
  const parts = [
    rate(list.perJob, 1n, 1n),
    rate(list.perSecond, us, US),
    rate(list.perGibSecond, us * BigInt(memory_bytes), US * GIB),
  ];
  const whole = parts.reduce(addRatios);
  const scale = 10n ** BigInt(unitOf(list.unit).scale);
  return roundRatio(ratio(whole.numerator * scale, whole.denominator), 'up');
}

/**
 * The longest that a run may take, in microseconds, so that it costs no more than an amount.
 * @returns Infinity where time costs nothing, and less than 0 where the amount does not even pay for the start
 */
export function longestFor(list: PriceList, memory_bytes: number, amountMinor: bigint): number {
  const perUs = addRatios(
    rate(list.perSecond, 1n, US),
    rate(list.perGibSecond, BigInt(memory_bytes), US * GIB),
  );
  const left = addRatios(
    ratio(amountMinor, 10n ** BigInt(unitOf(list.unit).scale)),
    negative(rate(list.perJob, 1n, 1n)),
  );
  if (left.numerator < 0n) return -1;
  if (perUs.numerator === 0n) return Infinity;
  return Number(
    roundRatio(
      ratio(left.numerator * perUs.denominator, left.denominator * perUs.numerator),
      'down',
    ),
  );
}

/**
 * That a price list can be charged.
 * @throws AMOUNT_INVALID for an unknown unit, or a price below zero
 */
export function checkPrices(list: PriceList): void {
  try {
    unitOf(list.unit);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    fail('AMOUNT_INVALID', `${error.message}.`, { unit: list.unit });
  }
  for (const name of ['perJob', 'perSecond', 'perGibSecond'] as const)
    if (compareDecimal(list[name], '0') < 0)
      fail('AMOUNT_INVALID', 'A price is 0 or more.', { [name]: list[name] });
    else if (compareDecimal(list[name], PRICE_MAX) > 0)
      fail('AMOUNT_INVALID', `A price is at most ${PRICE_MAX}.`, { [name]: list[name] });
}

/**
 * An amount that a caller names, in minor units.
 * @throws AMOUNT_INVALID when it does not fit the unit
 */
export function minorOf(amount: string, unit: string): bigint {
  try {
    return parseMinor(amount, unit);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}.`, { amount, unit });
  }
}

const negative = ({ numerator, denominator }: Ratio): Ratio => ({
  numerator: -numerator,
  denominator,
});

/** `text * by / over`, exactly. The text is a decimal of the contract: at most 18 places. */
function rate(text: string, by: bigint, over: bigint): Ratio {
  const [whole = '0', places = ''] = text.split('.');
  const coefficient = BigInt(whole + places.padEnd(DIGITS, '0'));
  return ratio(coefficient * by, over * 10n ** BigInt(DIGITS));
}
