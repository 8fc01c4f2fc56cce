import type { KeyObject } from 'node:crypto';
import { fromBase58btc, toBase58btc } from './base58.ts';
import { concatBytes } from './bytes.ts';
import type { IdentityKeys } from './derive.ts';
import { CryptoError } from './errors.ts';
import { ALGORITHMS, importPublicKey, rawPublicKey } from './primitives.ts';

/** The algorithms of an identity's four keys. */
export type IdentityAlgorithm = keyof IdentityKeys;

/** The raw public keys of an identity: 32, 1,952, 32 and 1,184 bytes. */
export type PublicKeys = Readonly<Record<IdentityAlgorithm, Uint8Array>>;

/** The same keys as Multikeys. */
export type Multikeys = Readonly<Record<IdentityAlgorithm, string>>;

/** The same keys, imported once for use. */
export type PublicKeyObjects = Readonly<Record<IdentityAlgorithm, KeyObject>>;

/** The two keys something can be encrypted to. */
export type KemPublicKeys = Pick<PublicKeys, 'x25519' | 'mlkem768'>;

/** The public halves, raw. */
export function publicKeysOf(keys: IdentityKeys): PublicKeys {
  return {
    ed25519: rawPublicKey(keys.ed25519),
    mldsa65: rawPublicKey(keys.mldsa65),
    x25519: rawPublicKey(keys.x25519),
    mlkem768: rawPublicKey(keys.mlkem768),
  };
}

/** Raw public keys, imported. Throws `BAD_KEY` on a wrong length or a key that must not be used. */
export function importPublicKeys(raw: PublicKeys): PublicKeyObjects {
  return {
    ed25519: importPublicKey('ed25519', raw.ed25519),
    mldsa65: importPublicKey('mldsa65', raw.mldsa65),
    ...importKemPublicKeys(raw),
  };
}

/** The two keys to encrypt to, imported: those of a client that opens a session has no others. */
export function importKemPublicKeys(
  raw: KemPublicKeys,
): Pick<PublicKeyObjects, 'x25519' | 'mlkem768'> {
  return {
    x25519: importPublicKey('x25519', raw.x25519),
    mlkem768: importPublicKey('mlkem768', raw.mlkem768),
  };
}

/**
 * A public key as a Multikey (W3C Controlled Identifiers 1.0): `z`, then base58btc of the
 * multicodec code as an unsigned varint and the raw key. Throws `BAD_KEY` on a wrong length.
 */
export function encodeMultikey(algorithm: IdentityAlgorithm, publicKey: Uint8Array): string {
  const { publicKeyLength } = ALGORITHMS[algorithm];
  if (publicKey.byteLength !== publicKeyLength) {
    throw new CryptoError('BAD_KEY', `${algorithm}: expected ${publicKeyLength} bytes`);
  }
  return `z${toBase58btc(concatBytes(multicodecPrefix(algorithm), publicKey))}`;
}

/** Each of an identity's public keys as a Multikey. Throws `BAD_KEY` on a wrong length. */
export const multikeysOf = (keys: PublicKeys): Multikeys => ({
  ed25519: encodeMultikey('ed25519', keys.ed25519),
  mldsa65: encodeMultikey('mldsa65', keys.mldsa65),
  x25519: encodeMultikey('x25519', keys.x25519),
  mlkem768: encodeMultikey('mlkem768', keys.mlkem768),
});

/**
 * Algorithm and raw key of a Multikey of one of the four algorithms. Throws `MALFORMED` on another
 * base or code, and on a key that is shorter or longer than its algorithm's.
 */
export function decodeMultikey(multikey: string): {
  readonly algorithm: IdentityAlgorithm;
  readonly publicKey: Uint8Array;
} {
  if (!multikey.startsWith('z')) {
    throw new CryptoError('MALFORMED', 'expected a Multikey in base58btc, which begins with z');
  }
  const bytes = fromBase58btc(multikey.slice(1));
  for (const algorithm of IDENTITY_ALGORITHMS) {
    const prefix = multicodecPrefix(algorithm);
    const publicKey = bytes.slice(prefix.byteLength);
    const named = prefix.every((byte, index) => bytes[index] === byte);
    if (named && publicKey.byteLength === ALGORITHMS[algorithm].publicKeyLength) {
      return { algorithm, publicKey };
    }
  }
  throw new CryptoError('MALFORMED', 'expected an Ed25519, ML-DSA-65, X25519 or ML-KEM-768 key');
}

/** The four algorithms, in the order in which documents list their keys. */
export const IDENTITY_ALGORITHMS: readonly IdentityAlgorithm[] = [
  'ed25519',
  'mldsa65',
  'x25519',
  'mlkem768',
];

/** The codes all have 8 to 13 bits: two bytes as an unsigned varint, low seven bits first. */
function multicodecPrefix(algorithm: IdentityAlgorithm): Uint8Array {
  const { multicodec } = ALGORITHMS[algorithm];
  return Uint8Array.of((multicodec & 0x7f) | 0x80, multicodec >> 7);
}
