/** Powers of ten that are asked for often; the rest are made when needed. */
const POWERS: bigint[] = Array.from({ length: 512 }, (_, n) => 10n ** BigInt(n));
const SMALL = 10n ** 15n;
const LARGE = 10n ** 300n;

/** Decimal digits of a bit, and bits of a decimal digit: for estimates that are then corrected. */
export const LOG10_2: number = Math.log10(2);
export const LOG2_10: number = Math.log2(10);

/** 10^n for an integer n of zero or more. */
export const pow10 = (n: number): bigint => POWERS[n] ?? 10n ** BigInt(n);

/** How many bits a non-negative integer has; 0 for zero. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return 4 * hex.length - Math.clz32(Number.parseInt(hex[0] ?? '0', 16)) + 28;
}

/** How many decimal digits a non-negative integer has; zero has one. */
export function digitCount(value: bigint): number {
  if (value < SMALL) return smallDigitCount(Number(value));
  // One too small or one too large at most; a double holds the size of what is below 10^300.
  const estimate =
    value < LARGE
      ? Math.floor(Math.log10(Number(value)))
      : Math.floor((bitLength(value) - 1) * LOG10_2);
  return value >= pow10(estimate) ? estimate + (value >= pow10(estimate + 1) ? 2 : 1) : estimate;
}

function smallDigitCount(value: number): number {
  let count = 1;
  for (let power = 10; power <= value; power *= 10) count += 1;
  return count;
}

/**
 * Takes zeros from the end of a positive integer.
 * @param most zeros that may go
 * @returns the integer without them, and how many they were
 */
export function stripZeros(value: bigint, most: number): { value: bigint; zeros: number } {
  let rest = value;
  let zeros = 0;
  // Even integers only can end in zero; the low bits are cheap to look at.
  if (most <= 0 || (rest & 1n) === 1n) return { value, zeros };
  for (
    let step = 1 << Math.max(0, Math.floor(Math.log2(digitCount(value))));
    step > 0;
    step >>= 1
  ) {
    if (zeros + step > most) continue;
    const power = pow10(step);
    if (rest >= power && rest % power === 0n) {
      rest /= power;
      zeros += step;
    }
  }
  return { value: rest, zeros };
}

/** The whole part of the root of a non-negative integer, of degree 2 or more, by Newton's method from above. */
export function integerRoot(value: bigint, degree: number): bigint {
  if (value < 2n) return value;
  const bits = bitLength(value);
  if (degree >= bits) return 1n;
  const shift = Math.max(0, Math.floor((bits - 48) / degree));
  const head = Number(value >> BigInt(shift * degree));
  // One above the estimate is above the root, whatever floating point rounded away.
  let guess = (BigInt(Math.floor(head ** (1 / degree))) + 2n) << BigInt(shift);
  const [n, below] = [BigInt(degree), BigInt(degree - 1)];
  for (;;) {
    const next = (below * guess + value / guess ** below) / n;
    if (next >= guess) return guess;
    guess = next;
  }
}
