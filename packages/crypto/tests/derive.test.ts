import { describe, expect, it } from 'vitest';
import type { IdentityKeys } from '../src/index.ts';
import {
  decodeMultikey,
  deriveKeys,
  deriveLogKeys,
  deriveSecret,
  encodeMultikey,
  generateSeed,
  IDENTITY_ALGORITHMS,
  importPublicKey,
  importPublicKeys,
  publicKeysOf,
  rawPublicKey,
  sha256Hex,
  slip10,
} from '../src/index.ts';

const seed = Uint8Array.from({ length: 64 }, (_, index) => index);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const digests = (keys: IdentityKeys) =>
  Object.fromEntries(
    IDENTITY_ALGORITHMS.map((algorithm) => [algorithm, sha256Hex(publicKeysOf(keys)[algorithm])]),
  );

describe('derivation from one seed', () => {
  it.each([
    [
      [],
      '2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7',
      '90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb',
    ],
    [
      [0],
      '68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3',
      '8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69',
    ],
    [
      [0, 1],
      'b1d0bad404bf35da785a64ca1ac54b2617211d2777696fbffaf208f746ae84f2',
      'a320425f77d1b5c2505a6b1b27382b37368ee640e3557c315416801243552f14',
    ],
  ])('follows SLIP-0010 for ed25519, test vector 1, path %j', (path, keyHex, chainCodeHex) => {
    const node = slip10(
      Uint8Array.from(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')),
      path,
    );
    expect(hex(node.key)).toBe(keyHex);
    expect(hex(node.chainCode)).toBe(chainCodeHex);
  });

  it('gives these keys for this seed, in every version of this package', () => {
    expect(digests(deriveKeys(seed))).toEqual({
      ed25519: 'b8000a8fdc420429838104efa92592530cd9da6d8a90065f26d024ac08783a5d',
      mldsa65: 'e602a74d64ed2e426249823dd2042c186316d77c1164ca094b3bf28004e7a296',
      x25519: '642f5f0149a8aeef184a13b118a138fe3742c74021b632f904a33d7a08294329',
      mlkem768: 'f50ed15f88ffbf6aa36a3fa8c905b2e99b9a7872436df0603416c12f9587a2ea',
    });
    const log = deriveLogKeys(seed);
    expect(sha256Hex(rawPublicKey(log.ed25519))).toBe(
      'be2b03a35f455d65d65dc26ccd28c85f89343802d6fcd12e30c9d6228da3cf11',
    );
    expect(sha256Hex(rawPublicKey(log.mldsa44))).toBe(
      '01f71223424b9783f176faaab16c2ff5780d24ab0b82dafebbc2491a332f40f1',
    );
    expect(hex(deriveSecret(seed, 'example'))).toBe(
      '1198bf7c6743dbd7643466b89d4b8f5e9e7e44205ed6723d8683d0a16176819a',
    );
  });

  it('gives the same keys again, and defaults to purpose 0 and index 0', () => {
    expect(digests(deriveKeys(seed, { purpose: 0, index: 0 }))).toEqual(digests(deriveKeys(seed)));
  });

  it('gives other keys for another index, purpose, seed or use', () => {
    const all = [
      digests(deriveKeys(seed)),
      digests(deriveKeys(seed, { index: 1 })),
      digests(deriveKeys(seed, { purpose: 1 })),
      digests(deriveKeys(seed, { index: 2 ** 31 - 1 })),
      digests(deriveKeys(generateSeed())),
      { ed25519: sha256Hex(rawPublicKey(deriveLogKeys(seed).ed25519)) },
    ].flatMap((keys) => Object.values(keys));
    expect(new Set(all).size).toBe(all.length);
  });

  it('gives another secret for another label', () => {
    expect(deriveSecret(seed, 'a')).toHaveLength(32);
    expect(deriveSecret(seed, 'a')).not.toEqual(deriveSecret(seed, 'b'));
    expect(() => deriveSecret(seed, '')).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('refuses seeds that are not 64 bytes, and numbers that are no hardened step', () => {
    const badKey = expect.objectContaining({ code: 'BAD_KEY' });
    expect(() => deriveKeys(seed.slice(1))).toThrow(badKey);
    expect(() => deriveSecret(seed.slice(1), 'a')).toThrow(badKey);
    for (const index of [-1, 0.5, 2 ** 31, Number.NaN]) {
      const malformed = expect.objectContaining({ code: 'MALFORMED' });
      expect(() => deriveKeys(seed, { index })).toThrow(malformed);
    }
  });

  it('makes seeds of 64 bytes, never the same', () => {
    expect(generateSeed()).toHaveLength(64);
    expect(generateSeed()).not.toEqual(generateSeed());
  });
});

describe('public keys', () => {
  const keys = publicKeysOf(deriveKeys(seed));

  it('have the lengths of the standards, and import to keys that export the same bytes', () => {
    expect(IDENTITY_ALGORITHMS.map((algorithm) => keys[algorithm].length)).toEqual([
      32, 1952, 32, 1184,
    ]);
    const imported = importPublicKeys(keys);
    for (const algorithm of IDENTITY_ALGORITHMS) {
      expect(rawPublicKey(imported[algorithm])).toEqual(keys[algorithm]);
    }
  });

  it.each(IDENTITY_ALGORITHMS)('are refused at another length: %s', (algorithm) => {
    const badKey = expect.objectContaining({ code: 'BAD_KEY' });
    for (const wrong of [keys[algorithm].slice(1), Uint8Array.of(...keys[algorithm], 0)]) {
      expect(() => importPublicKeys({ ...keys, [algorithm]: wrong })).toThrow(badKey);
      expect(() => encodeMultikey(algorithm, wrong)).toThrow(badKey);
    }
  });

  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('of small order are refused for Ed25519, with either sign: %s', (pointHex) => {
    const badKey = expect.objectContaining({ code: 'BAD_KEY' });
    const point = Uint8Array.from(Buffer.from(pointHex, 'hex'));
    expect(() => importPublicKey('ed25519', point)).toThrow(badKey);
    point[31] = (point[31] ?? 0) | 0x80;
    expect(() => importPublicKey('ed25519', point)).toThrow(badKey);
  });

  it('go through a Multikey and back, with the prefixes other software shows', () => {
    const multikeys = IDENTITY_ALGORITHMS.map((algorithm) =>
      encodeMultikey(algorithm, keys[algorithm]),
    );
    expect(multikeys[0]).toMatch(/^z6Mk/);
    expect(multikeys[2]).toMatch(/^z6LS/);
    expect(multikeys.map(decodeMultikey)).toEqual(
      IDENTITY_ALGORITHMS.map((algorithm) => ({ algorithm, publicKey: keys[algorithm] })),
    );
  });

  it.each(['', 'z', 'm6Mk', 'z6Mk', 'zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'])(
    'are not read from %j',
    (text) => {
      expect(() => decodeMultikey(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
    },
  );
});
