import { CONDITIONS } from './conditions.ts';
import { WORK_DIGITS_MAX, type Context } from './context.ts';
import { Decimal, infinity } from './decimal.ts';
import { pow10 } from './digits.ts';
import { finish, finishNumber } from './finish.ts';
import { nanOf } from './nans.ts';

/** The sum; its exponent is the smaller one of the two while there is room. */
export function add(context: Context, a: Decimal, b: Decimal): Decimal {
  if (a.form !== 'finite' || b.form !== 'finite') return addSpecial(context, a, b);
  if (a.exponent === b.exponent)
    return signed(context, a.negative, a.coefficient, b.negative, b.coefficient, a.exponent);
  return a.exponent > b.exponent ? addApart(context, a, b) : addApart(context, b, a);
}

/** The difference a - b. */
export const subtract = (context: Context, a: Decimal, b: Decimal): Decimal =>
  // The sign of a NaN stays.
  add(context, a, b.isNaN ? b : b.withSign(!b.negative));

/** 0 + a: rounds to the context. */
export const plus = (context: Context, a: Decimal): Decimal => signedUnary(context, a, a.negative);

/** 0 - a. */
export const minus = (context: Context, a: Decimal): Decimal =>
  signedUnary(context, a, !a.negative);

/** The magnitude, rounded to the context. */
export const abs = (context: Context, a: Decimal): Decimal => signedUnary(context, a, false);

/** The product, whose exponent is the sum of the two while there is room. */
export function multiply(context: Context, a: Decimal, b: Decimal): Decimal {
  if (a.form !== 'finite' || b.form !== 'finite') return multiplySpecial(context, a, b);
  // Within an ordinary precision a product is no longer than what was put into it.
  if (context.limit === undefined && a.digits + b.digits > WORK_DIGITS_MAX)
    return context.invalid(CONDITIONS.insufficient_storage);
  return finish(
    context,
    a.negative !== b.negative,
    a.coefficient * b.coefficient,
    a.exponent + b.exponent,
  );
}

/** a * b + c, rounded once. */
export function fma(context: Context, a: Decimal, b: Decimal, c: Decimal): Decimal {
  if (a.form === 'finite' && b.form === 'finite') {
    const negative = a.negative !== b.negative;
    const product = new Decimal(negative, a.coefficient * b.coefficient, a.exponent + b.exponent);
    return add(context, product, c);
  }
  const product = multiplySpecial(context, a, b);
  // Only a quiet NaN that came in gives way to a signalling one behind it.
  const invalid = a.form === 'signaling' || b.form === 'signaling' || !(a.isNaN || b.isNaN);
  return product.isNaN && invalid ? product : add(context, product, c);
}

/** Whether a number with so many zeros at its end is longer than an operation may make one. */
const tooLong = (number: Decimal, zeros: number): boolean =>
  zeros > 1_000 && number.digits + zeros > WORK_DIGITS_MAX;

function signed(
  context: Context,
  negativeA: boolean,
  a: bigint,
  negativeB: boolean,
  b: bigint,
  exponent: number,
): Decimal {
  if (negativeA === negativeB) return finish(context, negativeA, a + b, exponent);
  if (a === b) return finish(context, context.rounding === 'floor', 0n, exponent);
  return a > b
    ? finish(context, negativeA, a - b, exponent)
    : finish(context, negativeB, b - a, exponent);
}

/** The sum of two numbers, the first of which has the higher exponent. */
function addApart(context: Context, high: Decimal, low: Decimal): Decimal {
  const gap = high.exponent - low.exponent;
  if (high.coefficient === 0n) {
    if (low.coefficient !== 0n) return finishNumber(context, low);
    return signed(context, high.negative, 0n, low.negative, 0n, low.exponent);
  }
  if (low.coefficient === 0n) return addZero(context, high, low.exponent);
  // Beyond this place no digit of the lower number decides anything but that it is there.
  const last = high.exponent + Math.min(-1, high.digits - context.precision - 2);
  const sticky = low.adjusted < last;
  const exponent = sticky ? last : low.exponent;
  const zeros = sticky ? high.exponent - last : gap;
  if (tooLong(high, zeros)) return context.invalid(CONDITIONS.insufficient_storage);
  return signed(
    context,
    high.negative,
    high.coefficient * pow10(zeros),
    low.negative,
    sticky ? 1n : low.coefficient,
    exponent,
  );
}

/** A sum with a zero of a lower exponent: the other number gets zeros at its end while there is room. */
function addZero(context: Context, number: Decimal, exponent: number): Decimal {
  // One more than there is room for, so that the sum counts as rounded.
  const least = number.exponent + Math.min(-1, number.digits - context.precision - 1);
  const target = Math.max(exponent, least);
  const zeros = number.exponent - target;
  if (tooLong(number, zeros)) return context.invalid(CONDITIONS.insufficient_storage);
  return finish(context, number.negative, number.coefficient * pow10(zeros), target);
}

function addSpecial(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (a.isInfinite && b.isInfinite && a.negative !== b.negative) return context.invalid();
  return a.isInfinite ? a : b;
}

function multiplySpecial(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (a.isZero || b.isZero) return context.invalid();
  return infinity(a.negative !== b.negative);
}

function signedUnary(context: Context, a: Decimal, negative: boolean): Decimal {
  const nan = nanOf(context, a);
  if (nan !== undefined) return nan;
  if (a.isZero) return finish(context, context.rounding === 'floor' && negative, 0n, a.exponent);
  return finishNumber(context, a.withSign(negative));
}
