import { CONDITIONS } from './conditions.ts';
import { WORK_DIGITS_MAX, type Context } from './context.ts';
import { Decimal, infinity } from './decimal.ts';
import { digitCount, pow10 } from './digits.ts';
import { shorten, type Rounding } from './rounding.ts';

const OVERFLOW = CONDITIONS.overflow | CONDITIONS.inexact | CONDITIONS.rounded;

/**
 * Brings an exact intermediate result into the context: rounds it, and sees to overflow, subnormal
 * numbers and clamping. What is rounded away must be in the coefficient; an operation that knows only
 * that there is more behind its digits appends a 1.
 * @param rounding in place of the context's own, for the functions that always round half-even
 */
export function finish(
  context: Context,
  negative: boolean,
  coefficient: bigint,
  exponent: number,
  rounding: Rounding = context.rounding,
): Decimal {
  const { limit, etiny, etop } = context;
  // The common case first: it fits, and its exponent is far from every end.
  if (
    limit !== undefined &&
    coefficient < limit &&
    coefficient !== 0n &&
    exponent <= etop &&
    exponent >= context.minExponent
  )
    return new Decimal(negative, coefficient, exponent);
  if (coefficient === 0n) return finishZero(context, negative, exponent);
  const digits = digitCount(coefficient);
  const least = exponent + digits - context.precision;
  if (least > etop) return overflow(context, negative, rounding);
  const subnormal = least < etiny;
  const target = subnormal ? etiny : least;
  if (exponent < target)
    return rounded(context, negative, coefficient, digits, exponent, target, subnormal, rounding);
  if (subnormal) context.raise(CONDITIONS.subnormal);
  return foldDown(context, new Decimal(negative, coefficient, exponent));
}

/** Brings a number into the context; infinities and NaNs stay as they are. */
export const finishNumber = (context: Context, number: Decimal): Decimal =>
  number.isFinite ? finish(context, number.negative, number.coefficient, number.exponent) : number;

function finishZero(context: Context, negative: boolean, exponent: number): Decimal {
  const most = context.clamp ? context.etop : context.maxExponent;
  const fitting = Math.min(Math.max(exponent, context.etiny), most);
  if (fitting !== exponent) context.raise(CONDITIONS.clamped);
  return new Decimal(negative, 0n, fitting);
}

function rounded(
  context: Context,
  negative: boolean,
  coefficient: bigint,
  digits: number,
  exponent: number,
  target: number,
  subnormal: boolean,
  rounding: Rounding,
): Decimal {
  const drop = target - exponent;
  // Where every digit goes, and more places than there are, any small remainder stands for it: a
  // huge exponent must not become a huge divisor.
  const short =
    drop > digits
      ? shorten(1n, 100n, negative, rounding)
      : shorten(coefficient, pow10(drop), negative, rounding);
  let kept = short.coefficient;
  let place = target;
  // Rounding up 99..9 gives a digit too many, and that one is a zero.
  if (!subnormal && kept === pow10Of(context)) {
    kept /= 10n;
    place += 1;
  }
  if (place > context.etop) return overflow(context, negative, rounding);
  let conditions: number = CONDITIONS.rounded;
  if (subnormal) conditions |= CONDITIONS.subnormal;
  if (!short.exact) conditions |= CONDITIONS.inexact;
  if (subnormal && !short.exact) conditions |= CONDITIONS.underflow;
  if (kept === 0n) conditions |= CONDITIONS.clamped;
  context.raise(conditions);
  return new Decimal(negative, kept, place);
}

const pow10Of = (context: Context): bigint => context.limit ?? pow10(context.precision);

/** A number whose exponent is too high for its format gets zeros instead, if it has room for them. */
function foldDown(context: Context, number: Decimal): Decimal {
  const zeros = number.exponent - context.etop;
  if (!context.clamp || zeros <= 0) return number;
  if (zeros + number.digits > WORK_DIGITS_MAX)
    return context.invalid(CONDITIONS.insufficient_storage);
  context.raise(CONDITIONS.clamped);
  return new Decimal(number.negative, number.coefficient * pow10(zeros), context.etop);
}

/** The largest number or infinity, as the rounding says. */
function overflow(
  context: Context,
  negative: boolean,
  rounding: Rounding = context.rounding,
): Decimal {
  context.raise(OVERFLOW);
  const toLargest =
    rounding === 'down' || rounding === '05up' || rounding === (negative ? 'ceiling' : 'floor');
  return toLargest ? largest(context, negative) : infinity(negative);
}

/** The largest finite number of a context. */
export function largest(context: Context, negative: boolean): Decimal {
  if (context.precision > WORK_DIGITS_MAX) return context.invalid(CONDITIONS.insufficient_storage);
  return new Decimal(negative, pow10Of(context) - 1n, context.etop);
}
