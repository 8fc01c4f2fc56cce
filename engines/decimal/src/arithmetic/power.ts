import { CONDITIONS } from './conditions.ts';
import type { Context } from './context.ts';
import { Decimal, infinity, ONE } from './decimal.ts';
import {
  bitLength,
  digitCount,
  integerRoot,
  pow10,
  stripZeros,
  LOG10_2,
  LOG2_10,
} from './digits.ts';
import { exponentialOf, lnFixed, type Scaled } from './exponentials.ts';
import { finish } from './finish.ts';
import { nanOf } from './nans.ts';
import { integerOf } from './quantum.ts';
import { outsideMath, tooLong } from './ziv.ts';

/** Integer exponents that may be used in every context: those that the reference implementation takes. */
const INTEGER_MAX = 999_999_999;
const INTEGER_MIN = -1_999_999_997;

/**
 * a^b, correctly rounded with the rounding of the context. A power with an integer exponent is exact
 * where it fits; with any other exponent it counts as inexact, as the specification has it.
 */
export function power(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  if (b.isInfinite) return infinitePower(context, a, b);
  const negative = a.negative && isOdd(b);
  if (a.isInfinite || a.isZero) return powerOfExtreme(context, a, b, negative);
  const integer = integerOf(b);
  if (integer === 0) return ONE;
  if (a.negative && !b.isInteger) return context.invalid();
  if (integer === undefined || integer > INTEGER_MAX || integer < INTEGER_MIN) {
    const refused = outsideMath(context, b) ?? outsideMath(context, a);
    if (refused !== undefined) return refused;
  }
  const base = a.withSign(false);
  if (base.isUnit) return powerOfOne(context, base, b, negative);
  return tooLong(context, a, b) ?? powerOf(context, base, b, negative);
}

const isOdd = (b: Decimal): boolean =>
  b.isInteger &&
  b.exponent <= 0 &&
  ((b.coefficient / pow10(Math.min(-b.exponent, b.digits))) & 1n) === 1n;

/** a^Infinity and a^-Infinity: of a magnitude of one it counts as inexact, as all of that are near. */
function infinitePower(context: Context, a: Decimal, b: Decimal): Decimal {
  if (a.negative && !a.isZero) return context.invalid();
  if (a.isUnit) return inexactOne(context, false);
  const grows = a.isInfinite || (!a.isZero && a.adjusted >= 0);
  return grows === b.negative ? new Decimal(false, 0n, 0) : infinity(false);
}

/** Powers of zero and of infinity. */
function powerOfExtreme(context: Context, a: Decimal, b: Decimal, negative: boolean): Decimal {
  if (b.isZero) return a.isZero ? context.invalid() : ONE;
  if (a.isInfinite && a.negative && !b.isInteger) return context.invalid();
  return a.isZero === b.negative ? infinity(negative) : new Decimal(negative, 0n, 0);
}

function powerOfOne(context: Context, one: Decimal, b: Decimal, negative: boolean): Decimal {
  if (!b.isInteger) return inexactOne(context, negative);
  const times = b.negative ? 0 : Math.min(integerOf(b) ?? context.precision, context.precision);
  const places = Math.min(-one.exponent * times, context.precision - 1);
  if (-one.exponent * times > places) context.raise(CONDITIONS.rounded);
  return new Decimal(negative, pow10(places), places === 0 ? 0 : -places);
}

function inexactOne(context: Context, negative: boolean): Decimal {
  const places = context.precision - 1;
  context.raise(CONDITIONS.inexact | CONDITIONS.rounded);
  return new Decimal(negative, pow10(places), places === 0 ? 0 : -places);
}

function powerOf(context: Context, base: Decimal, b: Decimal, negative: boolean): Decimal {
  const exact = exactPower(base, b, context.precision + 1);
  if (exact !== undefined) return finishExact(context, base, b, exact, negative);
  const scaled: Scaled = (bits) => {
    const extra = bitLength(b.coefficient) + 4 + Math.max(0, Math.ceil(b.exponent * LOG2_10));
    const product = lnFixed(base, bits + extra) * b.coefficient;
    const value = b.exponent >= 0 ? product * pow10(b.exponent) : product / pow10(-b.exponent);
    return (b.negative ? -value : value) >> BigInt(extra);
  };
  return exponentialOf(
    context,
    negative,
    scaled,
    sizeOf(base, b),
    base.digits + b.digits,
    context.rounding,
  );
}

/** Sign and size of b * ln(base) within a factor of ten. */
function sizeOf(base: Decimal, b: Decimal): { negative: boolean; adjusted: number } {
  // Next to one the logarithm is as small as base has digits; 64 bits of it say how small.
  const bits = 64 + Math.ceil(base.digits * LOG2_10);
  const logarithm = lnFixed(base, bits);
  const magnitude = logarithm < 0n ? -logarithm : logarithm;
  const adjusted = Math.floor((bitLength(magnitude) - 1 - bits) * LOG10_2);
  return { negative: logarithm < 0n !== b.negative, adjusted: adjusted + b.adjusted };
}

/** Gives an exact power its exponent: that of repeated multiplication while there is room. */
function finishExact(
  context: Context,
  base: Decimal,
  b: Decimal,
  exact: Decimal,
  negative: boolean,
): Decimal {
  const room = context.precision + 1 - exact.digits;
  const { inexact, underflow } = CONDITIONS;
  if (b.isInteger) {
    const times = integerOf(b);
    const ideal = b.negative || times === undefined ? exact.exponent : base.exponent * times;
    const zeros = Math.max(0, Math.min(exact.exponent - ideal, room));
    return finish(context, negative, exact.coefficient * pow10(zeros), exact.exponent - zeros);
  }
  const zeros = Math.max(0, room);
  const result = finish(
    context,
    negative,
    exact.coefficient * pow10(zeros),
    exact.exponent - zeros,
  );
  const tiny = result.isFinite && !result.isZero && result.adjusted < context.minExponent;
  context.raise(inexact | (tiny ? underflow : 0));
  return result;
}

/**
 * a^b where it is a decimal of at most so many digits. With b = m/n in lowest terms and a = u 2^i 5^j,
 * u without factors 2 and 5, that is so only if u is the n-th power of an integer and n divides i and
 * j; and, for a negative b, if u is one.
 */
function exactPower(a: Decimal, b: Decimal, digits: number): Decimal | undefined {
  const exponent = stripZeros(b.coefficient, b.digits);
  const place = b.exponent + exponent.zeros;
  // An n beyond 10^20 divides nothing here, and an m beyond it makes everything too long.
  if (place < -20 - digitCount(exponent.value) || place + digitCount(exponent.value) > 20)
    return undefined;
  const [numerator, denominator] = lowestTerms(
    exponent.value * pow10(Math.max(0, place)),
    pow10(Math.max(0, -place)),
  );
  if (denominator >= 1n << 31n) return undefined;
  const n = Number(denominator);
  const stripped = stripZeros(a.coefficient, a.digits);
  const tens = BigInt(a.exponent + stripped.zeros);
  const five = withoutFactor(stripped.value, 5n);
  const two = withoutFactor(five.rest, 2n);
  const [i, j] = [tens + BigInt(two.count), tens + BigInt(five.count)];
  if (i % denominator !== 0n || j % denominator !== 0n) return undefined;
  const u = n === 1 ? two.rest : integerRoot(two.rest, n);
  if (u !== 1n || two.rest !== 1n) {
    if (b.negative || n > bitLength(two.rest) || (n > 1 && u ** denominator !== two.rest))
      return undefined;
  }
  const m = b.negative ? -numerator : numerator;
  return assembled(u, (i / denominator) * m, (j / denominator) * m, m, digits);
}

/** u^m 2^i 5^j as a decimal, if it has at most so many digits. */
function assembled(
  u: bigint,
  i: bigint,
  j: bigint,
  m: bigint,
  digits: number,
): Decimal | undefined {
  const exponent = i < j ? i : j;
  const [twos, fives] = [Number(i - exponent), Number(j - exponent)];
  const times = u === 1n ? 0 : Number(m);
  // Rounded down, so that nothing that fits is missed.
  const least = (bitLength(u) - 1) * times + twos + Math.log2(5) * fives;
  if (least * LOG10_2 > digits + 2) return undefined;
  const coefficient = u ** BigInt(times) * 2n ** BigInt(twos) * 5n ** BigInt(fives);
  return digitCount(coefficient) <= digits
    ? new Decimal(false, coefficient, Number(exponent))
    : undefined;
}

function lowestTerms(numerator: bigint, denominator: bigint): [bigint, bigint] {
  let [a, b] = [numerator, denominator];
  while (b !== 0n) [a, b] = [b, a % b];
  return [numerator / a, denominator / a];
}

/** Takes a factor out as often as it is there; by large powers first. */
function withoutFactor(value: bigint, factor: bigint): { rest: bigint; count: number } {
  let rest = value;
  let count = 0;
  for (
    let step = 1 << Math.max(0, Math.ceil(Math.log2(bitLength(value) + 1)));
    step >= 1;
    step >>= 1
  ) {
    const divisor = factor ** BigInt(step);
    if (divisor <= rest && rest % divisor === 0n) {
      rest /= divisor;
      count += step;
    }
  }
  return { rest, count };
}
