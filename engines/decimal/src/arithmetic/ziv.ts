import { CONDITIONS } from './conditions.ts';
import type { Context } from './context.ts';
import type { Decimal } from './decimal.ts';
import { bitLength, digitCount, pow10, LOG10_2, LOG2_10 } from './digits.ts';
import { finish } from './finish.ts';
import type { Rounding } from './rounding.ts';

/** Most digits of a result, and of an operand, of exp, ln, log10 and power. */
export const MATH_DIGITS_MAX = 5_000;

/**
 * Largest precision and exponent of the mathematical functions, as the reference implementation
 * restricts them.
 */
const MATH_RANGE_MAX = 999_999;

/** Bounds of a positive value: between low and high, times 10^exponent / 2^bits. */
export interface Bounds {
  readonly low: bigint;
  readonly high: bigint;
  readonly bits: number;
  readonly exponent: number;
}

/**
 * Rounds a value that is known to any accuracy and never has an end within one digit more than the
 * precision: asks for closer bounds until both ends have the same digits (Ziv's strategy). The work is
 * bounded: a value that is still undecided with several times its digits is `insufficient_storage`.
 * @param bounds of the magnitude, from about so many bits of accuracy
 * @param operandDigits how many digits the operands have: so near to a short number a value can lie
 */
export function roundWhenKnown(
  context: Context,
  negative: boolean,
  bounds: (bits: number) => Bounds,
  operandDigits: number,
  rounding: Rounding,
): Decimal {
  const digits = context.precision + 1;
  const most = 8 * (digits + operandDigits) * 4 + 1_024;
  for (let bits = Math.ceil(digits * LOG2_10) + 32; bits <= most; bits *= 2) {
    const known = digitsOf(bounds(bits), digits);
    // The value is strictly between these digits and the next: a 1 behind them says so.
    if (known !== undefined)
      return finish(context, negative, known.coefficient * 10n + 1n, known.exponent - 1, rounding);
  }
  return context.invalid(CONDITIONS.insufficient_storage);
}

/** The first digits of a value, where its bounds agree on them. */
function digitsOf(
  { low, high, bits, exponent }: Bounds,
  digits: number,
): { coefficient: bigint; exponent: number } | undefined {
  if (low <= 0n) return undefined;
  // So many places that the integer has the digits, or one more.
  let places = digits - Math.floor((bitLength(high) - bits) * LOG10_2);
  const scaled = (value: bigint): bigint =>
    places >= 0
      ? (value * pow10(places)) >> BigInt(bits)
      : value / (pow10(-places) << BigInt(bits));
  const excess = digitCount(scaled(high)) - digits;
  places -= excess;
  const [from, to] = [scaled(low), scaled(high)];
  return from === to && digitCount(from) === digits
    ? { coefficient: from, exponent: exponent - places }
    : undefined;
}

/**
 * Holds a mathematical function to its range, as the reference implementation does.
 * @returns NaN where context or operand are outside it
 */
export function outsideMath(context: Context, operand: Decimal): Decimal | undefined {
  if (
    context.precision > MATH_RANGE_MAX ||
    context.maxExponent > MATH_RANGE_MAX ||
    -context.minExponent > MATH_RANGE_MAX
  )
    return context.invalid(CONDITIONS.invalid_context);
  const above = operand.exponent + operand.digits;
  if (
    operand.isFinite &&
    !operand.isZero &&
    (above > MATH_RANGE_MAX + 1 || above < 2 * (1 - MATH_RANGE_MAX))
  )
    return context.invalid();
  return undefined;
}

/** NaN where so many digits would take too long. */
export const tooLong = (context: Context, ...operands: readonly Decimal[]): Decimal | undefined =>
  context.precision > MATH_DIGITS_MAX || operands.some(({ digits }) => digits > MATH_DIGITS_MAX)
    ? context.invalid(CONDITIONS.insufficient_storage)
    : undefined;
