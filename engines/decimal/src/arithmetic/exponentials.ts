import type { Context } from './context.ts';
import { infinity, INFINITY, ONE, ZERO, type Decimal } from './decimal.ts';
import { bitLength, pow10 } from './digits.ts';
import { finish } from './finish.ts';
import { exponential, logarithm, logarithms } from './fixedPoint.ts';
import { nanOf } from './nans.ts';
import { outsideMath, roundWhenKnown, tooLong, type Bounds } from './ziv.ts';

/** e^a, correctly rounded half-even; exact for 0 and -Infinity only. */
export function exp(context: Context, a: Decimal): Decimal {
  const refused = outsideMath(context, a) ?? nanOf(context, a);
  if (refused !== undefined) return refused;
  if (a.isInfinite) return a.negative ? ZERO : INFINITY;
  if (a.isZero) return ONE;
  return (
    tooLong(context, a) ?? exponentialOf(context, false, scaledBy(a), a, a.digits, 'half_even')
  );
}

/** The natural logarithm, correctly rounded half-even; exact for 1 only. */
export function ln(context: Context, a: Decimal): Decimal {
  const special = logarithmSpecial(context, a);
  if (special !== undefined) return special;
  if (a.isUnit) return ZERO;
  const negative = a.adjusted < 0;
  return roundWhenKnown(
    context,
    negative,
    (bits) => around(negative ? -lnFixed(a, bits) : lnFixed(a, bits), 8n, bits),
    a.digits,
    'half_even',
  );
}

/** The logarithm to the base ten, correctly rounded half-even; exact for powers of ten. */
export function log10(context: Context, a: Decimal): Decimal {
  const special = logarithmSpecial(context, a);
  if (special !== undefined) return special;
  if (a.coefficient === pow10(a.digits - 1)) {
    const power = BigInt(a.adjusted);
    return finish(context, power < 0n, power < 0n ? -power : power, 0, 'half_even');
  }
  const negative = a.adjusted < 0;
  return roundWhenKnown(
    context,
    negative,
    (bits) => {
      const natural = lnFixed(a, bits);
      const quotient = ((negative ? -natural : natural) << BigInt(bits)) / logarithms(bits).ln10;
      // A logarithm is below 2^21, and so is what the last bit of ln 10 makes of it.
      return around(quotient, 1n << 24n, bits);
    },
    a.digits,
    'half_even',
  );
}

function logarithmSpecial(context: Context, a: Decimal): Decimal | undefined {
  const refused = outsideMath(context, a) ?? nanOf(context, a);
  if (refused !== undefined) return refused;
  if (a.isZero) return infinity(true);
  if (a.negative) return context.invalid();
  return a.isInfinite ? a : tooLong(context, a);
}

const around = (value: bigint, error: bigint, bits: number): Bounds => ({
  low: value - error,
  high: value + error,
  bits,
  exponent: 0,
});

/** ln of a positive number times 2^bits, within eight units. */
export function lnFixed(a: Decimal, bits: number): bigint {
  // Between 0.1 and 10 as one quotient, so that next to 1 nothing cancels; else powers of ten apart.
  const tens = a.adjusted === 0 || a.adjusted === -1 ? 0 : a.adjusted;
  const places = a.exponent - tens;
  const extra = bitLength(BigInt(Math.abs(tens))) + 2;
  const mantissa =
    places >= 0
      ? logarithm(a.coefficient * pow10(places), 1n, bits + extra)
      : logarithm(a.coefficient, pow10(-places), bits + extra);
  return (mantissa + BigInt(tens) * logarithms(bits + extra).ln10) >> BigInt(extra);
}

/** The fixed-point value of a number at so many bits, within one unit. */
export type Scaled = (bits: number) => bigint;

const scaledBy =
  (a: Decimal): Scaled =>
  (bits) => {
    const magnitude =
      a.exponent >= 0
        ? (a.coefficient * pow10(a.exponent)) << BigInt(bits)
        : (a.coefficient << BigInt(bits)) / pow10(-a.exponent);
    return a.negative ? -magnitude : magnitude;
  };

/**
 * e^t, rounded, where t is known to any accuracy and not zero.
 * @param scaled t in fixed point, within one unit
 * @param size a number of the sign of t, and of its size within a factor of ten: exponents that
 * nothing can hold, and values that are one but for digits out of sight, need no arithmetic
 * @param digits of the operands
 */
export function exponentialOf(
  context: Context,
  negative: boolean,
  scaled: Scaled,
  size: Pick<Decimal, 'negative' | 'adjusted'>,
  digits: number,
  rounding: Context['rounding'],
): Decimal {
  const { precision } = context;
  // e^(10^11) is beyond every context.
  if (size.adjusted > 12) return beyond(context, negative, size.negative, rounding);
  if (size.adjusted < -precision - 4) {
    const unit = pow10(precision + 3);
    return finish(
      context,
      negative,
      size.negative ? unit - 1n : unit + 1n,
      -precision - 3,
      rounding,
    );
  }
  const bounds = (bits: number): Bounds => {
    // A t of up to 47 bits needs as many more for the power of ten that is taken out of it.
    const wide = bits + 64;
    const t = scaled(wide);
    const { ln10 } = logarithms(wide);
    let tens = t / ln10;
    if (t - tens * ln10 < 0n) tens -= 1n;
    // ln 10 is within a unit, and taken fewer than 2^46 times.
    const value = exponential((t - tens * ln10) >> 48n, wide - 48);
    const error = 64n;
    return { low: value - error, high: value + error, bits: wide - 48, exponent: Number(tens) };
  };
  return roundWhenKnown(context, negative, bounds, digits, rounding);
}

function beyond(
  context: Context,
  negative: boolean,
  small: boolean,
  rounding: Context['rounding'],
): Decimal {
  const far = context.maxExponent - context.minExponent + 2 * context.precision + 10;
  return finish(context, negative, 1n, small ? -far : far, rounding);
}
