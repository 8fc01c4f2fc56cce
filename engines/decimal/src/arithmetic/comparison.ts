import type { Context } from './context.ts';
import { Decimal } from './decimal.ts';
import { pow10 } from './digits.ts';
import { finishNumber } from './finish.ts';
import { nanOf } from './nans.ts';

/** The order of two numbers that are no NaNs, by value: -1, 0 or 1. */
export function order(a: Decimal, b: Decimal): -1 | 0 | 1 {
  if (a.isZero && b.isZero) return 0;
  const [signA, signB] = [signOf(a), signOf(b)];
  if (signA !== signB) return signA < signB ? -1 : 1;
  const magnitude = magnitudeOrder(a, b);
  return signA < 0 ? opposite(magnitude) : magnitude;
}

const signOf = (a: Decimal): number => (a.isZero ? 0 : a.negative ? -1 : 1);
const opposite = (way: -1 | 0 | 1): -1 | 0 | 1 => (way === 0 ? 0 : way === 1 ? -1 : 1);

function magnitudeOrder(a: Decimal, b: Decimal): -1 | 0 | 1 {
  if (a.isInfinite || b.isInfinite) return a.isInfinite ? (b.isInfinite ? 0 : 1) : -1;
  if (a.exponent === b.exponent) return orderOf(a.coefficient, b.coefficient);
  if (a.isZero || b.isZero) return a.isZero ? (b.isZero ? 0 : -1) : 1;
  // Their first digits stand at one place from here on, so that the gap is no more than their digits.
  const apart = orderOf(a.adjusted, b.adjusted);
  if (apart !== 0) return apart;
  const least = Math.min(a.exponent, b.exponent);
  return orderOf(
    a.coefficient * pow10(a.exponent - least),
    b.coefficient * pow10(b.exponent - least),
  );
}

const orderOf = <T extends bigint | number>(a: T, b: T): -1 | 0 | 1 => (a < b ? -1 : a > b ? 1 : 0);

const decimalOf = (value: number): Decimal => Decimal.fromInteger(value);

/** -1, 0 or 1 by value; NaN where one is a NaN. */
export const compare = (context: Context, a: Decimal, b: Decimal): Decimal =>
  nanOf(context, a, b) ?? decimalOf(order(a, b));

/** As compare, but every NaN is an invalid operation. */
export function compareSignal(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan === undefined) return decimalOf(order(a, b));
  context.invalid();
  return nan;
}

/**
 * The total order of the specification, in which every representation has its place:
 * -NaN < -sNaN < -Infinity < finite numbers < Infinity < sNaN < NaN; of equal values the one with the
 * lower exponent is the smaller magnitude.
 */
function totalOrder(a: Decimal, b: Decimal): -1 | 0 | 1 {
  if (a.negative !== b.negative) return a.negative ? -1 : 1;
  const magnitude = totalMagnitudeOrder(a, b);
  return a.negative ? opposite(magnitude) : magnitude;
}

function totalMagnitudeOrder(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const forms = orderOf(RANK[a.form], RANK[b.form]);
  if (forms !== 0) return forms;
  if (a.isNaN) return orderOf(a.coefficient, b.coefficient);
  const values = magnitudeOrder(a, b);
  return values === 0 ? orderOf(a.exponent, b.exponent) : values;
}

const RANK = { finite: 0, infinite: 1, signaling: 2, quiet: 3 } as const;

/** The total order as a number. */
export const compareTotal = (_context: Context, a: Decimal, b: Decimal): Decimal =>
  decimalOf(totalOrder(a, b));

/** The total order of the magnitudes. */
export const compareTotalMagnitude = (_context: Context, a: Decimal, b: Decimal): Decimal =>
  decimalOf(totalMagnitudeOrder(a, b));

/** The larger by value; of equal values the later in the total order. A number wins over a quiet NaN. */
export const max = (context: Context, a: Decimal, b: Decimal): Decimal =>
  pick(context, a, b, 1, order);

/** The smaller by value. */
export const min = (context: Context, a: Decimal, b: Decimal): Decimal =>
  pick(context, a, b, -1, order);

/** The one of the larger magnitude. */
export const maxMagnitude = (context: Context, a: Decimal, b: Decimal): Decimal =>
  pick(context, a, b, 1, magnitudeOrder);

/** The one of the smaller magnitude. */
export const minMagnitude = (context: Context, a: Decimal, b: Decimal): Decimal =>
  pick(context, a, b, -1, magnitudeOrder);

function pick(
  context: Context,
  a: Decimal,
  b: Decimal,
  wanted: -1 | 1,
  by: (a: Decimal, b: Decimal) => -1 | 0 | 1,
): Decimal {
  if (a.form === 'quiet' && b.form !== 'quiet' && b.form !== 'signaling')
    return finishNumber(context, b);
  if (b.form === 'quiet' && a.form !== 'quiet' && a.form !== 'signaling')
    return finishNumber(context, a);
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  const found = by(a, b);
  const decided = found === 0 ? totalOrder(a, b) : found;
  return finishNumber(context, decided === -wanted ? b : a);
}

/** Whether two numbers have the same exponent; infinities among themselves, NaNs among themselves. */
export const sameQuantum = (_context: Context, a: Decimal, b: Decimal): Decimal => {
  const kind = (x: Decimal) => (x.isNaN ? 'nan' : x.form);
  return decimalOf(kind(a) === kind(b) && a.exponent === b.exponent ? 1 : 0);
};
