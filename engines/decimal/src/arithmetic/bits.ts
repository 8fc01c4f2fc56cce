import { WORK_DIGITS_MAX, type Context } from './context.ts';
import { CONDITIONS } from './conditions.ts';
import { Decimal } from './decimal.ts';
import { pow10 } from './digits.ts';
import { finishNumber } from './finish.ts';
import { nanOf } from './nans.ts';
import { integerOf } from './quantum.ts';

/** The digits of a logical operand, lowest last: ones and zeros only, no sign, exponent 0. */
function logicalDigits(context: Context, a: Decimal): string | undefined {
  if (!a.isFinite || a.negative || a.exponent !== 0) return undefined;
  const digits = a.coefficient.toString();
  return /^[01]+$/.test(digits) ? digits.slice(-context.precision) : undefined;
}

function logical(
  context: Context,
  a: Decimal,
  b: Decimal,
  join: (a: boolean, b: boolean) => boolean,
): Decimal {
  const [left, right] = [logicalDigits(context, a), logicalDigits(context, b)];
  if (left === undefined || right === undefined) return context.invalid();
  const length = Math.max(left.length, right.length);
  const [x, y] = [left.padStart(length, '0'), right.padStart(length, '0')];
  const digits = Array.from(x, (digit, at) => (join(digit === '1', y[at] === '1') ? '1' : '0'));
  return new Decimal(false, BigInt(digits.join('')), 0);
}

/** Digit by digit: 1 where both are. */
export const and = (context: Context, a: Decimal, b: Decimal): Decimal =>
  logical(context, a, b, (x, y) => x && y);

/** Digit by digit: 1 where one of them is. */
export const or = (context: Context, a: Decimal, b: Decimal): Decimal =>
  logical(context, a, b, (x, y) => x || y);

/** Digit by digit: 1 where just one of them is. */
export const xor = (context: Context, a: Decimal, b: Decimal): Decimal =>
  logical(context, a, b, (x, y) => x !== y);

/** Digit by digit over the whole precision: 1 where there is none. */
export function invert(context: Context, a: Decimal): Decimal {
  if (context.precision > WORK_DIGITS_MAX) return context.invalid(CONDITIONS.insufficient_storage);
  return xor(context, a, new Decimal(false, (pow10(context.precision) - 1n) / 9n, 0));
}

/** Moves the digits of a by b places to the left within the precision; what leaves is lost. */
export const shift = (context: Context, a: Decimal, b: Decimal): Decimal =>
  moveDigits(context, a, b, (digits, by) =>
    by < 0 ? digits.slice(0, by) : digits + '0'.repeat(by),
  );

/** Moves the digits of a by b places to the left within the precision; what leaves comes in again. */
export const rotate = (context: Context, a: Decimal, b: Decimal): Decimal =>
  moveDigits(context, a, b, (digits, by) => {
    const padded = digits.padStart(context.precision, '0');
    const at = by < 0 ? padded.length + by : by;
    return padded.slice(at) + padded.slice(0, at);
  });

function moveDigits(
  context: Context,
  a: Decimal,
  b: Decimal,
  move: (digits: string, by: number) => string,
): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  const by = b.exponent === 0 ? integerOf(b) : undefined;
  if (by === undefined || Math.abs(by) > context.precision) return context.invalid();
  if (a.isInfinite) return a;
  if (context.precision > WORK_DIGITS_MAX) return context.invalid(CONDITIONS.insufficient_storage);
  const digits = move(a.coefficient.toString().slice(-context.precision), by);
  return new Decimal(a.negative, BigInt(digits.slice(-context.precision)), a.exponent);
}

/** a * 10^b for an integer b. */
export function scaleB(context: Context, a: Decimal, b: Decimal): Decimal {
  const nan = nanOf(context, a, b);
  if (nan !== undefined) return nan;
  const by = b.exponent === 0 ? integerOf(b) : undefined;
  // The second limit is that of the reference implementation, and of its test cases.
  const most = Math.min(2 * (context.maxExponent + context.precision), 999_999_999);
  if (by === undefined || Math.abs(by) > most) return context.invalid();
  if (a.isInfinite) return a;
  return finishNumber(context, new Decimal(a.negative, a.coefficient, a.exponent + by));
}

/** The exponent of the first digit. */
export function logB(context: Context, a: Decimal): Decimal {
  const nan = nanOf(context, a);
  if (nan !== undefined) return nan;
  if (a.isInfinite) return a.withSign(false);
  if (a.isZero) {
    context.raise(CONDITIONS.division_by_zero);
    return new Decimal(true, 0n, 0, 'infinite');
  }
  return finishNumber(context, Decimal.fromInteger(a.adjusted));
}
