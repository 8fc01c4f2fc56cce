import { MINOR_MAX, ratio } from '@anarq/decimal';
import { endOfRun, isAll, isAssetPart, isDigit, isSegmentPart, isUpper } from './characters.ts';
import {
  ACCOUNT_CHARS_MAX,
  ASSET_CHARS_MAX,
  ASSET_SCALE_DIGITS_MAX,
  DIGITS_MAX,
  STRING_CHARS_MAX,
} from './limits.ts';

/** What an expression is worth. A portion is in lowest terms, its denominator above zero. */
export type Value =
  | { readonly type: 'account'; readonly account: string }
  | { readonly type: 'asset'; readonly asset: string }
  | { readonly type: 'monetary'; readonly asset: string; readonly amountMinor: bigint }
  | { readonly type: 'number'; readonly number: bigint }
  | { readonly type: 'portion'; readonly numerator: bigint; readonly denominator: bigint }
  | { readonly type: 'string'; readonly text: string };

export type ValueType = Value['type'];

export const VALUE_TYPES: readonly ValueType[] = [
  'account',
  'asset',
  'monetary',
  'number',
  'portion',
  'string',
];

/** Names of the types as a message has them. */
export const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  account: 'an account',
  asset: 'an asset',
  monetary: 'a monetary amount',
  number: 'a number',
  portion: 'a portion',
  string: 'a string',
};

/** The account of the world outside: it may owe without limit. */
export const WORLD = 'world';

/** Segments of letters, digits, _ and -, with colons between them. */
export const isAccount = (text: string): boolean =>
  text.length <= ACCOUNT_CHARS_MAX &&
  text.split(':').every((segment) => isAll(segment, isSegmentPart));

/** `USD`, or with decimal places `USD/2`. */
export function isAsset(text: string): boolean {
  if (text.length > ASSET_CHARS_MAX || !isUpper(text.charCodeAt(0))) return false;
  const end = endOfRun(text, 0, isAssetPart);
  if (end === text.length) return true;
  const places = text.slice(end + 1);
  return text[end] === '/' && places.length <= ASSET_SCALE_DIGITS_MAX && isAll(places, isDigit);
}

/** Empty, which is no colour, or capital letters. */
export const isColor = (text: string): boolean =>
  text.length <= ASSET_CHARS_MAX && endOfRun(text, 0, isUpper) === text.length;

export const withinRange = (value: bigint): boolean => value <= MINOR_MAX && value >= -MINOR_MAX;

function readInteger(text: string): bigint | undefined {
  const digits = text.startsWith('-') ? text.slice(1) : text;
  if (digits.length > DIGITS_MAX || !isAll(digits, isDigit)) return undefined;
  const value = BigInt(text);
  return withinRange(value) ? value : undefined;
}

/**
 * A percentage, which may have decimal places: its digits before and after the point.
 * @param decimals may be empty
 */
export const percentage = (whole: string, decimals: string): Value & { type: 'portion' } => ({
  type: 'portion',
  ...ratio(BigInt(whole + decimals), 100n * 10n ** BigInt(decimals.length)),
});

function readPortion(text: string): Value | undefined {
  if (text.endsWith('%')) {
    const [whole = '', decimals, more] = text.slice(0, -1).split('.');
    if (more !== undefined || !isAll(whole, isDigit)) return undefined;
    if (decimals !== undefined && !isAll(decimals, isDigit)) return undefined;
    if (whole.length + (decimals ?? '').length > DIGITS_MAX) return undefined;
    return percentage(whole, decimals ?? '');
  }
  const slash = text.indexOf('/');
  const numerator = readInteger(text.slice(0, Math.max(slash, 0)));
  const denominator = readInteger(text.slice(slash + 1));
  if (numerator === undefined || denominator === undefined || denominator <= 0n) return undefined;
  return { type: 'portion', ...ratio(numerator, denominator) };
}

function readMonetary(text: string): Value | undefined {
  const space = text.indexOf(' ');
  const asset = text.slice(0, Math.max(space, 0));
  const amountMinor = readInteger(text.slice(space + 1));
  if (!isAsset(asset) || amountMinor === undefined) return undefined;
  return { type: 'monetary', asset, amountMinor };
}

const isShare = (value: Value | undefined): boolean =>
  value?.type === 'portion' && value.numerator >= 0n && value.numerator <= value.denominator;

/** Longest text of a value: a portion of two numbers, or a string. */
const TEXT_OF_VALUE_CHARS_MAX = STRING_CHARS_MAX;

/**
 * Reads a value that came as text: of a variable, or of the metadata of an account.
 * `users:1`, `USD/2`, `USD/2 100`, `42`, `15.5%` or `1/3` (0 to 1), and any text for a string.
 * @returns undefined where the text is none of that type
 */
export function readValue(type: ValueType, text: string): Value | undefined {
  if (text.length > TEXT_OF_VALUE_CHARS_MAX) return undefined;
  switch (type) {
    case 'account':
      return isAccount(text) ? { type, account: text } : undefined;
    case 'asset':
      return isAsset(text) ? { type, asset: text } : undefined;
    case 'monetary':
      return readMonetary(text);
    case 'number': {
      const number = readInteger(text);
      return number === undefined ? undefined : { type, number };
    }
    case 'portion': {
      const portion = readPortion(text);
      return isShare(portion) ? portion : undefined;
    }
    case 'string':
      return { type, text };
  }
}

/** The text of a value, as metadata keep it: what readValue reads. */
export function writeValue(value: Value): string {
  switch (value.type) {
    case 'account':
      return value.account;
    case 'asset':
      return value.asset;
    case 'monetary':
      return `${value.asset} ${value.amountMinor}`;
    case 'number':
      return String(value.number);
    case 'portion':
      return `${value.numerator}/${value.denominator}`;
    case 'string':
      return value.text;
  }
}
