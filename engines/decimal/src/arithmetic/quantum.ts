import { CONDITIONS } from './conditions.ts';
import { WORK_DIGITS_MAX, type Context } from './context.ts';
import { Decimal } from './decimal.ts';
import { digitCount, pow10, stripZeros } from './digits.ts';
import { finish, finishNumber } from './finish.ts';
import { nanOf } from './nans.ts';
import { shorten, type Rounding } from './rounding.ts';

/** The value of a with the exponent of b: to the places of a price, `quantize(a, 0.01)`. */
export function quantize(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (a.isInfinite || b.isInfinite) return a.isInfinite && b.isInfinite ? a : context.invalid();
  return toExponent(context, a, b.exponent);
}

/** The value of a with the exponent that the integer b says. */
export function rescale(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (a.isInfinite || b.isInfinite) return a.isInfinite && b.isInfinite ? a : context.invalid();
  const exponent = integerOf(b);
  return exponent === undefined ? context.invalid() : toExponent(context, a, exponent);
}

/** A small integer as it is; undefined for everything else, and beyond ten digits. */
export function integerOf(number: Decimal): number | undefined {
  if (!number.isInteger) return undefined;
  if (number.isZero) return 0;
  if (number.adjusted > 10) return undefined;
  const magnitude =
    number.exponent < 0
      ? number.coefficient / pow10(-number.exponent)
      : number.coefficient * pow10(number.exponent);
  return Number(number.negative ? -magnitude : magnitude);
}

function toExponent(context: Context, a: Decimal, exponent: number): Decimal {
  return roundedToPlaces(context, a, exponent) ?? toAnyExponent(context, a, exponent);
}

/** Places that money has: more than these go the long way. */
const PLACES_MAX = 64;

/**
 * The common case, amounts rounded to fewer places: where the result fits, and is far from the ends of
 * the exponents, all the checks of the long way hold.
 */
function roundedToPlaces(context: Context, a: Decimal, exponent: number): Decimal | undefined {
  const { limit, etop, minExponent, rounding } = context;
  const drop = exponent - a.exponent;
  if (limit === undefined || drop <= 0 || drop > PLACES_MAX || a.coefficient === 0n)
    return undefined;
  if (exponent > etop || exponent < minExponent) return undefined;
  const { coefficient, exact } = shorten(a.coefficient, pow10(drop), a.negative, rounding);
  if (coefficient >= limit) return undefined;
  context.raise(exact ? CONDITIONS.rounded : CONDITIONS.rounded | CONDITIONS.inexact);
  return new Decimal(a.negative, coefficient, exponent);
}

function toAnyExponent(context: Context, a: Decimal, exponent: number): Decimal {
  if (exponent < context.etiny || exponent > context.maxExponent) return context.invalid();
  if (a.isZero) return finish(context, a.negative, 0n, exponent);
  if (a.adjusted > context.maxExponent || a.adjusted - exponent >= context.precision)
    return context.invalid();
  if (a.adjusted - exponent >= WORK_DIGITS_MAX)
    return context.invalid(CONDITIONS.insufficient_storage);
  const { number, exact } = moved(a, exponent, context.rounding);
  if (
    number.digits > context.precision ||
    (!number.isZero && number.adjusted > context.maxExponent)
  )
    return context.invalid();
  if (exponent > a.exponent) context.raise(CONDITIONS.rounded | (exact ? 0 : CONDITIONS.inexact));
  return finishNumber(context, number);
}

/** A finite number at another exponent, rounded where digits go. */
function moved(
  a: Decimal,
  exponent: number,
  rounding: Rounding,
): { number: Decimal; exact: boolean } {
  const drop = exponent - a.exponent;
  if (drop <= 0)
    return { number: new Decimal(a.negative, a.coefficient * pow10(-drop), exponent), exact: true };
  const gone = drop > digitCount(a.coefficient) && a.coefficient !== 0n;
  const short = gone
    ? shorten(1n, 100n, a.negative, rounding)
    : shorten(a.coefficient, a.isZero ? 1n : pow10(drop), a.negative, rounding);
  return { number: new Decimal(a.negative, short.coefficient, exponent), exact: short.exact };
}

/** Takes all zeros from the end. */
export function reduce(context: Context, a: Decimal): Decimal {
  const nan = nanOf(context, a);
  if (nan !== undefined) return nan;
  const number = finishNumber(context, a);
  if (!number.isFinite) return number;
  if (number.isZero) return new Decimal(number.negative, 0n, 0);
  const most = (context.clamp ? context.etop : context.maxExponent) - number.exponent;
  const { value, zeros } = stripZeros(number.coefficient, most);
  return new Decimal(number.negative, value, number.exponent + zeros);
}

/** The value as an integer, whatever the precision is; says nothing of what it rounded. */
export const toIntegralValue = (context: Context, a: Decimal): Decimal =>
  toIntegral(context, a, false);

/** The value as an integer, whatever the precision is; notes whether it rounded. */
export const toIntegralExact = (context: Context, a: Decimal): Decimal =>
  toIntegral(context, a, true);

function toIntegral(context: Context, a: Decimal, notes: boolean): Decimal {
  const nan = nanOf(context, a);
  if (nan !== undefined) return nan;
  if (!a.isFinite || a.exponent >= 0) return a;
  if (a.isZero) return new Decimal(a.negative, 0n, 0);
  const { number, exact } = moved(a, 0, context.rounding);
  if (notes) context.raise(CONDITIONS.rounded | (exact ? 0 : CONDITIONS.inexact));
  return number;
}
