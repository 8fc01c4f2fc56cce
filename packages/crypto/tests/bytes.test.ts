import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalBytes,
  fromBase58btc,
  fromBase64url,
  lengthPrefixed,
  randomBytes,
  sha256,
  sha256Hex,
  toBase58btc,
  toBase64url,
  utf8,
} from '../src/index.ts';

const malformed = expect.objectContaining({ code: 'MALFORMED' });

describe('base64url', () => {
  it('gives back every byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['padding', 'QQ=='],
    ['the alphabet of plain base64', '+/+/'],
    ['white space', 'QU JD'],
    ['a line end', 'QUJD\n'],
    ['trailing bits that are not zero', 'QR'],
    ['a single character', 'Q'],
    ['characters outside Latin', 'Qé'],
  ])('refuses %s', (_name, text) => {
    expect(() => fromBase64url(text)).toThrow(malformed);
  });

  it('accepts a text only where encoding gives the same text again', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        try {
          expect(toBase64url(fromBase64url(text))).toBe(text);
        } catch (error) {
          expect(error).toEqual(malformed);
        }
      }),
    );
  });
});

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

describe('bytes', () => {
  it('hashes as FIPS 180-4 says', () => {
    const hex = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex(utf8('abc'))).toBe(hex);
    expect(Buffer.from(sha256(utf8('abc'))).toString('hex')).toBe(hex);
  });

  it('draws other random bytes each time, within a limit', () => {
    expect(randomBytes(32)).toHaveLength(32);
    expect(randomBytes(32)).not.toEqual(randomBytes(32));
    expect(() => randomBytes(-1)).toThrow(malformed);
    expect(() => randomBytes(65_537)).toThrow(malformed);
  });

  it('compares content and length', () => {
    expect(equalBytes(utf8('abc'), utf8('abc'))).toBe(true);
    expect(equalBytes(utf8('abc'), utf8('abd'))).toBe(false);
    expect(equalBytes(utf8('abc'), utf8('ab'))).toBe(false);
  });

  it('prefixes parts so that moving a border changes the bytes', () => {
    expect(lengthPrefixed('ab', 'c')).not.toEqual(lengthPrefixed('a', 'bc'));
    expect(lengthPrefixed('ab')).toEqual(Uint8Array.of(0, 0, 0, 2, 97, 98));
  });

  it('refuses texts that are no Unicode', () => {
    expect(() => utf8('\ud800')).toThrow(malformed);
  });
});
