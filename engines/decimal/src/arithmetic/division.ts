import { CONDITIONS } from './conditions.ts';
import { WORK_DIGITS_MAX, type Context } from './context.ts';
import { Decimal, infinity, ZERO } from './decimal.ts';
import { pow10, stripZeros } from './digits.ts';
import { finish, finishNumber } from './finish.ts';
import { nanOf } from './nans.ts';

/** The quotient; where it is exact its exponent is as near to the difference of the two as it can be. */
export function divide(context: Context, a: Decimal, b: Decimal): Decimal {
  const special = divideSpecial(context, a, b);
  if (special !== undefined) return special;
  const negative = a.negative !== b.negative;
  if (b.isInfinite) {
    context.raise(CONDITIONS.clamped);
    return new Decimal(negative, 0n, context.etiny);
  }
  const ideal = a.exponent - b.exponent;
  if (a.isZero) return finish(context, negative, 0n, ideal);
  const digits = Math.min(context.precision, WORK_DIGITS_MAX);
  const shift = b.digits - a.digits + digits + 1;
  const dividend = shift > 0 ? a.coefficient * pow10(shift) : a.coefficient;
  const divisor = shift < 0 ? b.coefficient * pow10(-shift) : b.coefficient;
  const quotient = dividend / divisor;
  if (quotient * divisor === dividend) {
    const { value, zeros } = stripZeros(quotient, shift);
    return finish(context, negative, value, ideal - shift + zeros);
  }
  if (digits < context.precision) return context.invalid(CONDITIONS.insufficient_storage);
  // There is more behind: the last digit must not look like an end or a half.
  const sticky = quotient % 5n === 0n ? quotient + 1n : quotient;
  return finish(context, negative, sticky, ideal - shift);
}

/** The whole part of the quotient, which must fit the precision. */
export function divideInteger(context: Context, a: Decimal, b: Decimal): Decimal {
  const special = divideSpecial(context, a, b);
  if (special !== undefined) return special;
  const negative = a.negative !== b.negative;
  if (b.isInfinite || a.isZero || a.adjusted < b.adjusted) return finish(context, negative, 0n, 0);
  const parts = integerParts(context, a, b);
  if (parts === undefined) return context.invalid(CONDITIONS.division_impossible);
  return finish(context, negative, parts.quotient, 0);
}

/** What is left of a after the whole part of a / b; its sign is that of a. */
export function remainder(context: Context, a: Decimal, b: Decimal): Decimal {
  const special = remainderSpecial(context, a, b);
  if (special !== undefined) return special;
  const parts = integerParts(context, a, b);
  if (parts === undefined) return context.invalid(CONDITIONS.division_impossible);
  return finish(context, a.negative, parts.rest, parts.exponent);
}

/** What is left of a after the integer nearest to a / b, the even one of two: IEEE 754's remainder. */
export function remainderNear(context: Context, a: Decimal, b: Decimal): Decimal {
  const special = remainderSpecial(context, a, b);
  if (special !== undefined) return special;
  const parts = integerParts(context, a, b);
  if (parts === undefined) return context.invalid(CONDITIONS.division_impossible);
  const { quotient, rest, divisor, exponent } = parts;
  const twice = 2n * rest;
  if (twice < divisor || (twice === divisor && quotient % 2n === 0n))
    return finish(context, a.negative, rest, exponent);
  if (quotient + 1n >= pow10(Math.min(context.precision, WORK_DIGITS_MAX)))
    return context.invalid(CONDITIONS.division_impossible);
  return finish(context, !a.negative, divisor - rest, exponent);
}

interface IntegerParts {
  readonly quotient: bigint;
  readonly rest: bigint;
  readonly divisor: bigint;
  readonly exponent: number;
}

/** Quotient and remainder of two finite numbers at one exponent; undefined where the quotient is too long. */
function integerParts(context: Context, a: Decimal, b: Decimal): IntegerParts | undefined {
  const exponent = Math.min(a.exponent, b.exponent);
  const gap = a.adjusted - b.adjusted;
  if (gap > Math.min(context.precision, WORK_DIGITS_MAX)) return undefined;
  if (gap < -1) return smallerParts(a, b, exponent);
  const dividend = a.coefficient * pow10(a.exponent - exponent);
  const divisor = b.coefficient * pow10(b.exponent - exponent);
  const quotient = dividend / divisor;
  if (
    context.limit === undefined
      ? new Decimal(false, quotient, 0).digits > context.precision
      : quotient >= context.limit
  )
    return undefined;
  return { quotient, rest: dividend - quotient * divisor, divisor, exponent };
}

/** The dividend is below a tenth of the divisor, which may be too far away to be written out. */
function smallerParts(a: Decimal, b: Decimal, exponent: number): IntegerParts {
  // At most the digits of b: its first digit stands above that of a.
  const rest = a.coefficient * pow10(a.exponent - exponent);
  return { quotient: 0n, rest, divisor: rest * 10n + 1n, exponent };
}

function divideSpecial(context: Context, a: Decimal, b: Decimal): Decimal | undefined {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  const negative = a.negative !== b.negative;
  if (a.isInfinite) return b.isInfinite ? context.invalid() : infinity(negative);
  if (!b.isZero) return undefined;
  if (a.isZero) return context.invalid(CONDITIONS.division_undefined);
  context.raise(CONDITIONS.division_by_zero);
  return infinity(negative);
}

function remainderSpecial(context: Context, a: Decimal, b: Decimal): Decimal | undefined {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (a.isInfinite) return context.invalid();
  if (b.isZero)
    return context.invalid(a.isZero ? CONDITIONS.division_undefined : CONDITIONS.invalid_operation);
  if (b.isInfinite) return finishNumber(context, a);
  if (!a.isZero) return undefined;
  const exponent = Math.min(a.exponent, b.exponent);
  return finish(context, a.negative, ZERO.coefficient, exponent);
}
