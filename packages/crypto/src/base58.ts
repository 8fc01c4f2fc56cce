/**
 * base58btc of draft-msporny-base58: Bitcoin's alphabet, a leading zero byte is a `1`. A number is
 * halved by powers of 58 until its parts fit a JavaScript number, so that a public key of 1,952
 * bytes costs few divisions of long numbers.
 */

import { CryptoError } from './errors.ts';

const BYTES_MAX = 4_096;
/** As many characters as 4,096 bytes give at most: ceil(4,096 × log 256 / log 58). */
const CHARACTERS_MAX = 5_594;

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** The digit of each character code below 128; 255 where it is none. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.includes(String.fromCharCode(code)) ? ALPHABET.indexOf(String.fromCharCode(code)) : 255,
);

/** Digits of the parts that are read and written as numbers: 58 ** 9 is below 2 ** 53. */
const PART = 9;
/** Digits whose value is a small integer, with which the machine counts fastest: below 2 ** 31. */
const SHORT = 5;
const SHORT_VALUE = 58 ** SHORT;
/** `58 ** (PART * 2 ** index)`, as far as they were needed. */
const powers = [58n ** BigInt(PART)];

/** Bytes (4,096 at most) in base58btc. Throws `MALFORMED` on more. */
export function toBase58btc(bytes: Uint8Array): string {
  if (bytes.byteLength > BYTES_MAX) {
    throw new CryptoError('MALFORMED', `base58btc is limited to ${BYTES_MAX} bytes`);
  }
  const zeros = bytes.findIndex((byte) => byte !== 0);
  if (zeros === -1) return '1'.repeat(bytes.byteLength);
  const value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let level = 0;
  while (value >= power(level)) level++;
  return '1'.repeat(zeros) + digitsOf(value, level).replace(/^1+/, '');
}

/** The `PART * 2 ** level` digits of a value that has no more. */
function digitsOf(value: bigint, level: number): string {
  if (level > 0) {
    const half = power(level - 1);
    const high = value / half;
    return digitsOf(high, level - 1) + digitsOf(value - high * half, level - 1);
  }
  const part = Number(value);
  const high = Math.floor(part / SHORT_VALUE);
  return shortDigits(high, PART - SHORT) + shortDigits(part - high * SHORT_VALUE, SHORT);
}

/** So many digits of a value below 2 ** 31. */
function shortDigits(value: number, count: number): string {
  let text = '';
  for (let rest = value | 0, digit = 0; digit < count; digit++) {
    text = ALPHABET.charAt(rest % 58) + text;
    rest = (rest / 58) | 0;
  }
  return text;
}

/** The bytes of a base58btc text. Throws `MALFORMED` on a foreign character or on over-length. */
export function fromBase58btc(text: string): Uint8Array {
  if (text.length > CHARACTERS_MAX) {
    throw new CryptoError('MALFORMED', `base58btc is limited to ${BYTES_MAX} bytes`);
  }
  let zeros = 0;
  while (text[zeros] === '1') zeros++;
  let level = 0;
  while (text.length - zeros > PART * 2 ** level) level++;
  const value = valueOf(text.slice(zeros), level);
  const hex = value === 0n ? '' : value.toString(16);
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const bytes = new Uint8Array(zeros + digits.byteLength);
  bytes.set(digits, zeros);
  return bytes;
}

/** The value of a text of at most `PART * 2 ** level` digits. */
function valueOf(text: string, level: number): bigint {
  if (level > 0) {
    const half = PART * 2 ** (level - 1);
    if (text.length <= half) return valueOf(text, level - 1);
    const high = valueOf(text.slice(0, -half), level - 1);
    return high * power(level - 1) + valueOf(text.slice(-half), level - 1);
  }
  let value = 0;
  for (let place = 0; place < text.length; place++) {
    const digit = DIGITS[text.charCodeAt(place)] ?? 255;
    if (digit === 255) {
      throw new CryptoError('MALFORMED', 'expected only characters of the base58btc alphabet');
    }
    value = value * 58 + digit;
  }
  return BigInt(value);
}

function power(level: number): bigint {
  let value = powers[level];
  if (value === undefined) {
    value = power(level - 1) ** 2n;
    powers[level] = value;
  }
  return value;
}
