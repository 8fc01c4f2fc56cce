import { CONDITIONS } from './conditions.ts';
import { WORK_DIGITS_MAX, type Context } from './context.ts';
import type { Decimal } from './decimal.ts';
import { integerRoot, pow10 } from './digits.ts';
import { finish } from './finish.ts';
import { nanOf } from './nans.ts';

/** The square root, rounded half-even whatever the context says, as the specification has it. */
export const squareRoot = (context: Context, a: Decimal): Decimal => root(context, a, 2);

/**
 * The cube root, rounded half-even like the square root; that of a negative number is negative. It is
 * no operation of the specification: exponents follow the rule of the square root.
 */
export const cubeRoot = (context: Context, a: Decimal): Decimal => root(context, a, 3);

/**
 * The root of degree n of c * 10^e. Its ideal exponent is e / n rounded down; the coefficient is
 * brought to so many digits that its integer root has one more than the precision.
 */
function root(context: Context, a: Decimal, degree: 2 | 3): Decimal {
  const nan = nanOf(context, a);
  if (nan !== undefined) return nan;
  const ideal = Math.floor(a.exponent / degree);
  if (a.isZero) return finish(context, a.negative, 0n, ideal);
  if (a.negative && degree === 2) return context.invalid();
  if (a.isInfinite) return a;
  if (context.precision > WORK_DIGITS_MAX || a.digits > WORK_DIGITS_MAX)
    return context.invalid(CONDITIONS.insufficient_storage);
  const aligned = a.coefficient * pow10(a.exponent - ideal * degree);
  const groups = Math.ceil((a.digits + a.exponent - ideal * degree) / degree);
  const shift = context.precision + 1 - groups;
  const power = pow10(Math.abs(shift) * degree);
  const radicand = shift >= 0 ? aligned * power : aligned / power;
  const found = integerRoot(radicand, degree);
  const exact =
    (shift >= 0 || radicand * power === aligned) && found ** BigInt(degree) === radicand;
  if (exact) {
    const coefficient = shift >= 0 ? found / pow10(shift) : found * pow10(-shift);
    return finish(context, a.negative, coefficient, ideal, 'half_even');
  }
  // There is more behind: the last digit must not look like an end or a half.
  const sticky = found % 5n === 0n ? found + 1n : found;
  return finish(context, a.negative, sticky, ideal - shift, 'half_even');
}
