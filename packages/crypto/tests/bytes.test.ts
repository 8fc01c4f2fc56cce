import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalBytes,
  fromBase64url,
  lengthPrefixed,
  randomBytes,
  sha256,
  sha256Hex,
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
