import { bitLength } from './digits.ts';

/**
 * Exponential and logarithm in fixed point: an integer v stands for v / 2^bits. Each function says how
 * far its result can be from the true value, in units of the last bit; whoever needs correct digits
 * asks again with more bits until the bounds agree (Ziv's strategy).
 */

/** Bits that are computed beyond those asked for, so that every result is within one unit. */
const guardOf = (bits: number): number => 24 + 2 * (32 - Math.clz32(bits));

/** atanh(1/n) by its power series, error below one unit for each term. */
function inverseHyperbolicTangent(n: bigint, bits: number): bigint {
  const square = n * n;
  let power = (1n << BigInt(bits)) / n;
  let sum = power;
  for (let odd = 3n; power !== 0n; odd += 2n) {
    power /= square;
    sum += power / odd;
  }
  return sum;
}

interface Logarithms {
  readonly bits: number;
  readonly ln2: bigint;
  readonly ln10: bigint;
}

/** The longest pair so far: it depends on nothing but its length. */
let known: Logarithms | undefined;

/** ln 2 and ln 10, within one unit; by the three-term formulas of Machin's kind for ln 2 and ln 5. */
export function logarithms(bits: number): Logarithms {
  if (known === undefined || known.bits < bits) {
    const guard = guardOf(bits);
    const [a, b, c] = [31n, 49n, 161n].map((n) => inverseHyperbolicTangent(n, bits + guard));
    const of = (x: bigint, y: bigint, z: bigint): bigint =>
      (x * (a ?? 0n) + y * (b ?? 0n) + z * (c ?? 0n)) >> BigInt(guard);
    known = { bits, ln2: of(14n, 10n, 6n), ln10: of(46n, 34n, 20n) };
  }
  const drop = BigInt(known.bits - bits);
  return { bits, ln2: known.ln2 >> drop, ln10: known.ln10 >> drop };
}

/** e^x for 0 <= x < 2^bits * 4, within one unit of the last bit. */
export function exponential(x: bigint, bits: number): bigint {
  // Halving s times makes the series short; squaring s times doubles an error each time.
  const halvings = Math.ceil(Math.sqrt(bits)) + 4;
  const wide = bits + halvings + guardOf(bits) + 8;
  const shift = BigInt(wide);
  const reduced = (x << BigInt(wide - bits)) >> BigInt(halvings);
  let term = 1n << shift;
  let sum = term;
  for (let n = 1n; term !== 0n; n += 1n) {
    term = ((term * reduced) >> shift) / n;
    sum += term;
  }
  for (let at = 0; at < halvings; at += 1) sum = (sum * sum) >> shift;
  return sum >> BigInt(wide - bits);
}

/**
 * ln(numerator / denominator) for positive integers, within four units of the last bit.
 * @returns the logarithm times 2^bits, of either sign
 */
export function logarithm(numerator: bigint, denominator: bigint, bits: number): bigint {
  // A power of two brings the quotient to between 0.7 and 1.5, so that next to one nothing cancels.
  let twos = bitLength(numerator) - bitLength(denominator);
  const wide = bits + guardOf(bits) + Math.max(0, bitLength(BigInt(Math.abs(twos))));
  const scaled = (by: number): bigint =>
    by > wide
      ? numerator / (denominator << BigInt(by - wide))
      : (numerator << BigInt(wide - by)) / denominator;
  let mantissa = scaled(twos);
  if (mantissa * 2n > 3n << BigInt(wide)) {
    twos += 1;
    mantissa = scaled(twos);
  }
  const result = mantissaLogarithm(mantissa, wide) + BigInt(twos) * logarithms(wide).ln2;
  return result >> BigInt(wide - bits);
}

/** ln of a number between 1/2 and 3/2 by Newton's method of third order: each step triples the digits. */
function mantissaLogarithm(mantissa: bigint, bits: number): bigint {
  const head = Number(mantissa >> BigInt(Math.max(0, bits - 60))) / 2 ** Math.min(60, bits);
  let right = 40;
  let y = BigInt(Math.round(Math.log(head) * 2 ** 50));
  let have = 50;
  while (right < bits + 4) {
    right = Math.min(3 * right - 4, bits + 4);
    const width = right + 8;
    y = width >= have ? y << BigInt(width - have) : y >> BigInt(have - width);
    have = width;
    const x = width >= bits ? mantissa << BigInt(width - bits) : mantissa >> BigInt(bits - width);
    // mantissa * e^-y = 1 + d, and ln(1 + d) = d - d^2 / 2 + ...
    const one = 1n << BigInt(width);
    const product =
      y >= 0n
        ? (x << BigInt(width)) / exponential(y, width)
        : (x * exponential(-y, width)) >> BigInt(width);
    const d = product - one;
    y += d - ((d * d) >> BigInt(width + 1));
  }
  return y >> BigInt(have - bits);
}
