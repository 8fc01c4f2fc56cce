import { PATTERNS } from '@anarq/common-schemas';
import { refuse } from './error.ts';

/** An exact number: coefficient / 10^scale. */
export interface Exact {
  readonly coefficient: bigint;
  readonly scale: number;
}

/** Longest text of the contract language's decimals: sign, 39 digits, point, 18 places. */
const TEXT_CHARS_MAX = 59;
const WHOLE_DIGITS_MAX = 39;
const FORM = new RegExp(PATTERNS.decimal);

/**
 * Reads a decimal of the contract language: no exponent, no plus sign, no leading zeros, at most 39
 * digits before the point and 18 after it.
 * @throws DecimalError for any other text, and for values that are not text
 */
export function readDecimal(text: string): Exact {
  if (typeof text !== 'string') refuse(`an amount is a decimal in a string, not a ${typeof text}`);
  if (text.length > TEXT_CHARS_MAX) refuse(`an amount has at most ${TEXT_CHARS_MAX} characters`);
  if (!FORM.test(text))
    refuse(
      `${JSON.stringify(text)} is not a decimal such as "3.50": digits, then a point and places`,
    );
  const point = text.indexOf('.');
  if (point === -1) return { coefficient: BigInt(text), scale: 0 };
  return {
    coefficient: BigInt(text.slice(0, point) + text.slice(point + 1)),
    scale: text.length - point - 1,
  };
}

/**
 * Writes the canonical form: no trailing zeros after the point, no point without places, "0" for
 * zero of either sign. One value has one form, so equal amounts are equal texts.
 * @throws DecimalError beyond 39 digits before the point
 */
export function writeDecimal({ coefficient, scale }: Exact): string {
  const negative = coefficient < 0n;
  const digits = (negative ? -coefficient : coefficient).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  if (whole.length > WHOLE_DIGITS_MAX)
    refuse(`the result has more than ${WHOLE_DIGITS_MAX} digits before the point`);
  const places = digits.slice(digits.length - scale).replace(/0+$/, '');
  return `${negative ? '-' : ''}${whole}${places === '' ? '' : `.${places}`}`;
}

/** Two coefficients at one scale. */
function aligned(a: string, b: string): { left: bigint; right: bigint; scale: number } {
  const [x, y] = [readDecimal(a), readDecimal(b)];
  const scale = Math.max(x.scale, y.scale);
  const at = (value: Exact): bigint => value.coefficient * 10n ** BigInt(scale - value.scale);
  return { left: at(x), right: at(y), scale };
}

/**
 * Compares two decimals by value.
 * @returns -1, 0 or 1
 * @throws DecimalError for anything that is not a decimal
 */
export function compareDecimal(a: string, b: string): -1 | 0 | 1 {
  const { left, right } = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * The exact sum, in canonical form.
 * @throws DecimalError for anything that is not a decimal, and for a sum beyond 39 digits
 */
export function addDecimal(a: string, b: string): string {
  const { left, right, scale } = aligned(a, b);
  return writeDecimal({ coefficient: left + right, scale });
}

/**
 * The exact difference a - b, in canonical form.
 * @throws DecimalError for anything that is not a decimal, and for a difference beyond 39 digits
 */
export function subDecimal(a: string, b: string): string {
  const { left, right, scale } = aligned(a, b);
  return writeDecimal({ coefficient: left - right, scale });
}
