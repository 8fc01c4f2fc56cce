import { refuse } from '../error.ts';
import { CONDITIONS } from './conditions.ts';
import type { Context } from './context.ts';
import { Decimal, infinity } from './decimal.ts';
import { digitCount } from './digits.ts';
import { finish } from './finish.ts';

/** Longest text that is read as a number. */
export const TEXT_CHARS_MAX = 10_000;

/**
 * Largest exponent of either sign that a number is read with. It is far beyond every context, so an
 * exponent cut to it overflows or underflows as the one written does.
 */
const EXPONENT_MAX = 10 ** 12;

const NUMBER = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d+))?$/i;
const SPECIAL = /^([+-]?)(?:(inf|infinity)|(s?)nan(\d*))$/i;

/** A numeric string of the specification as it is, without rounding; undefined for any other text. */
function read(text: string): Decimal | undefined {
  if (typeof text !== 'string' || text.length > TEXT_CHARS_MAX) return undefined;
  const number = NUMBER.exec(text);
  if (number === null) return readSpecial(text);
  const [, sign, whole = '', places = number[4] ?? '', , power = '0'] = number;
  const written = Math.min(Math.max(Number(power), -EXPONENT_MAX), EXPONENT_MAX);
  return new Decimal(sign === '-', BigInt(whole + places), written - places.length);
}

function readSpecial(text: string): Decimal | undefined {
  const special = SPECIAL.exec(text);
  if (special === null) return undefined;
  const [, sign, infinite, signaling, payload] = special;
  if (infinite !== undefined) return infinity(sign === '-');
  const form = signaling === '' ? 'quiet' : 'signaling';
  return new Decimal(sign === '-', BigInt(payload ?? 0), 0, form);
}

/**
 * Reads a number exactly: digits with a point and an exponent, Infinity, or NaN.
 * @throws DecimalError for any other text, for more than 10,000 characters, and for exponents beyond
 * 10^12, which no context holds
 */
export function parseDecimal(text: string): Decimal {
  const number = read(text);
  if (number === undefined)
    return refuse(
      `a number is digits, a point and an exponent, in at most ${TEXT_CHARS_MAX} characters, not ${JSON.stringify(String(text).slice(0, 40))}`,
    );
  if (Math.abs(number.exponent) >= EXPONENT_MAX - TEXT_CHARS_MAX)
    return refuse('an exponent is below 10^12');
  return number;
}

/**
 * The operation to-number: reads a text and brings it into the context. Text that is no number is
 * NaN with `conversion_syntax`, as is a NaN with more diagnostic digits than the context has room for.
 */
export function toNumber(text: string, context: Context): Decimal {
  const number = read(text);
  if (number === undefined) return context.invalid(CONDITIONS.conversion_syntax);
  if (number.isFinite) return finish(context, number.negative, number.coefficient, number.exponent);
  const room = context.precision - (context.clamp ? 1 : 0);
  if (number.isNaN && digitCount(number.coefficient) > room && number.coefficient !== 0n)
    return context.invalid(CONDITIONS.conversion_syntax);
  return number;
}

/** The operation to-scientific-string: every number has exactly one, and reads back as itself. */
export function toScientificString(number: Decimal): string {
  return toText(number, scientificPlaces);
}

/** The operation to-engineering-string: exponents are multiples of three. */
export function toEngineeringString(number: Decimal): string {
  return toText(number, number.coefficient === 0n ? engineeringZeroPlaces : engineeringPlaces);
}

/** How many digits stand before the point where an exponent is written. */
type Places = (adjusted: number) => number;

const scientificPlaces: Places = () => 1;
const engineeringPlaces: Places = (adjusted) => (((adjusted % 3) + 3) % 3) + 1;
/** A zero has no digits to move the point over, so it gets zeros after the point. */
const engineeringZeroPlaces: Places = (adjusted) => ((((adjusted + 2) % 3) + 3) % 3) - 1;

function toText(number: Decimal, places: Places): string {
  const sign = number.negative ? '-' : '';
  if (number.form === 'infinite') return `${sign}Infinity`;
  const digits = number.coefficient.toString();
  if (number.form !== 'finite') {
    const payload = number.coefficient === 0n ? '' : digits;
    return `${sign}${number.form === 'signaling' ? 's' : ''}NaN${payload}`;
  }
  const { exponent } = number;
  const adjusted = exponent + digits.length - 1;
  if (exponent <= 0 && adjusted >= -6) return sign + plain(digits, exponent + digits.length);
  const before = places(adjusted);
  const power = adjusted - before + 1;
  const written = power === 0 ? '' : `E${power < 0 ? '-' : '+'}${Math.abs(power)}`;
  return sign + plain(digits, before) + written;
}

/** Digits with the point after so many of them; zeros fill up on either side. */
function plain(digits: string, before: number): string {
  if (before <= 0) return `0.${'0'.repeat(-before)}${digits}`;
  if (before >= digits.length) return digits + '0'.repeat(before - digits.length);
  return `${digits.slice(0, before)}.${digits.slice(before)}`;
}
