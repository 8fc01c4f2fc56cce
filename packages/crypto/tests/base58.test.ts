import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase58btc, toBase58btc, utf8 } from '../src/index.ts';

const malformed = expect.objectContaining({ code: 'MALFORMED' });

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

const bytesOf = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return new Uint8Array(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'));
};

/** One digit after the other, as draft-msporny-base58 describes it. */
function plainBase58(bytes: Uint8Array): string {
  let value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = '';
  for (; value > 0n; value /= 58n) text = ALPHABET.charAt(Number(value % 58n)) + text;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros === -1 ? bytes.byteLength : zeros) + text;
}

describe('base58btc', () => {
  it.each([
    ['Hello World!', '2NEpo7TZRRrLZSi2U'],
    [
      'The quick brown fox jumps over the lazy dog.',
      'USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z',
    ],
  ])('writes %j as in the examples of draft-msporny-base58', (text, encoded) => {
    expect(toBase58btc(utf8(text))).toBe(encoded);
    expect(fromBase58btc(encoded)).toEqual(utf8(text));
  });

  it('keeps leading zero bytes, as the third example of the draft', () => {
    const bytes = Uint8Array.of(0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd);
    expect(toBase58btc(bytes)).toBe('11233QC4');
    expect(fromBase58btc('11233QC4')).toEqual(bytes);
  });

  it('gives back every byte string, also of zeros only', () => {
    const zeros = fc.nat({ max: 40 }).map((length) => new Uint8Array(length));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), zeros), (bytes) => {
        expect(fromBase58btc(toBase58btc(bytes))).toEqual(bytes);
      }),
    );
  });

  it('writes and reads what the plain method gives, also of a length where the halves change', () => {
    const length = fc.oneof(fc.nat({ max: 64 }), fc.constantFrom(1_186, 1_954, 4_096));
    const bytes = length.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));
    const powersOf58 = fc
      .tuple(fc.constantFrom(5n, 9n, 18n, 36n, 72n), fc.constantFrom(-1n, 0n, 1n))
      .map(([digits, beside]) => bytesOf(58n ** digits + beside));
    fc.assert(
      fc.property(fc.oneof(bytes, powersOf58), (some) => {
        const text = plainBase58(some);
        expect(toBase58btc(some)).toBe(text);
        expect(fromBase58btc(text)).toEqual(some);
      }),
    );
  });

  it.each(['0', 'O', 'I', 'l', ' 2', '2NEpo7TZRRrLZSi2U\n', 'é'])('refuses %j', (text) => {
    expect(() => fromBase58btc(text)).toThrow(malformed);
  });

  it('takes 4,096 bytes and refuses more', () => {
    const largest = new Uint8Array(4_096).fill(255);
    expect(fromBase58btc(toBase58btc(largest))).toEqual(largest);
    expect(() => toBase58btc(new Uint8Array(4_097))).toThrow(malformed);
    expect(() => fromBase58btc('z'.repeat(5_595))).toThrow(malformed);
  });
});
