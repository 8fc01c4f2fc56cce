import type { KeyObject } from 'node:crypto';
import {
  createPrivateKey,
  createPublicKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  sign,
  verify,
} from 'node:crypto';
import { copyBytes } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** The algorithms keys are made for. */
export type Algorithm = 'ed25519' | 'mldsa44' | 'mldsa65' | 'x25519' | 'mlkem768';

interface AlgorithmFacts {
  /** Node's name of the algorithm. */
  readonly keyType: 'ed25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'x25519' | 'ml-kem-768';
  /** How Node names a raw private key: RFC 8032 and RFC 7748 keys are private keys, FIPS are seeds. */
  readonly privateFormat: 'raw-private' | 'raw-seed';
  readonly seedLength: number;
  readonly publicKeyLength: number;
  /** Code of the public key in the multicodec table; also the `alg` number in derivation paths. */
  readonly multicodec: number;
}

/** One row an algorithm: what derivation, encoding and import all read (FIPS 203, 204; RFC 8032, 7748). */
export const ALGORITHMS: Readonly<Record<Algorithm, AlgorithmFacts>> = {
  ed25519: {
    keyType: 'ed25519',
    privateFormat: 'raw-private',
    seedLength: 32,
    publicKeyLength: 32,
    multicodec: 0xed,
  },
  mldsa44: {
    keyType: 'ml-dsa-44',
    privateFormat: 'raw-seed',
    seedLength: 32,
    publicKeyLength: 1312,
    multicodec: 0x1210,
  },
  mldsa65: {
    keyType: 'ml-dsa-65',
    privateFormat: 'raw-seed',
    seedLength: 32,
    publicKeyLength: 1952,
    multicodec: 0x1211,
  },
  x25519: {
    keyType: 'x25519',
    privateFormat: 'raw-private',
    seedLength: 32,
    publicKeyLength: 32,
    multicodec: 0xec,
  },
  mlkem768: {
    keyType: 'ml-kem-768',
    privateFormat: 'raw-seed',
    seedLength: 64,
    publicKeyLength: 1184,
    multicodec: 0x120c,
  },
};

/** A private key from its raw seed. Throws `BAD_KEY` on a wrong length. */
export function importPrivateKey(algorithm: Algorithm, seed: Uint8Array): KeyObject {
  const { keyType, privateFormat, seedLength } = ALGORITHMS[algorithm];
  if (seed.byteLength !== seedLength) {
    throw new CryptoError('BAD_KEY', `${algorithm}: expected a seed of ${seedLength} bytes`);
  }
  return createPrivateKey({ key: seed, format: privateFormat, asymmetricKeyType: keyType });
}

/**
 * A public key from its raw bytes. Throws `BAD_KEY` on a wrong length, on bytes that are no key
 * (ML-KEM coefficients out of range), and on Ed25519 points of small order.
 */
export function importPublicKey(algorithm: Algorithm, raw: Uint8Array): KeyObject {
  const { keyType, publicKeyLength } = ALGORITHMS[algorithm];
  if (raw.byteLength !== publicKeyLength) {
    const lengths = `${publicKeyLength} bytes, got ${raw.byteLength}`;
    throw new CryptoError('BAD_KEY', `${algorithm}: expected a public key of ${lengths}`);
  }
  if (algorithm === 'ed25519' && isSmallOrderPoint(raw)) {
    throw new CryptoError('BAD_KEY', "ed25519: a point of small order is nobody's key");
  }
  try {
    return createPublicKey({ key: raw, format: 'raw-public', asymmetricKeyType: keyType });
  } catch (cause) {
    throw new CryptoError('BAD_KEY', `${algorithm}: these bytes are no public key`, { cause });
  }
}

/** The raw public key of a private or public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return copyBytes(publicKey.export({ format: 'raw-public' }));
}

/** A signature by one algorithm. `context` (255 bytes at most) is for ML-DSA only (FIPS 204, 5.2). */
export function signSingle(key: KeyObject, message: Uint8Array, context?: Uint8Array): Uint8Array {
  return copyBytes(sign(null, message, context === undefined ? key : { key, context }));
}

/** Whether a signature by one algorithm is good. False, never an exception, for whatever is not. */
export function verifySingle(
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
  context?: Uint8Array,
): boolean {
  try {
    return verify(null, message, context === undefined ? key : { key, context }, signature);
  } catch {
    return false;
  }
}

/** X25519 (RFC 7748): 32 bytes. Throws `BAD_KEY` where the result would be all zero (section 6.1). */
export function x25519(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  try {
    return copyBytes(diffieHellman({ privateKey, publicKey }));
  } catch (cause) {
    throw new CryptoError('BAD_KEY', 'x25519: no shared secret with this key', { cause });
  }
}

/** ML-KEM-768 encapsulation (FIPS 203): a 32-byte secret and its 1,088-byte ciphertext. */
export function mlkemEncapsulate(publicKey: KeyObject): {
  ciphertext: Uint8Array;
  sharedSecret: Uint8Array;
} {
  const { ciphertext, sharedKey } = encapsulate(publicKey);
  return { ciphertext: copyBytes(ciphertext), sharedSecret: copyBytes(sharedKey) };
}

/**
 * ML-KEM-768 decapsulation (FIPS 203): 32 bytes. A changed ciphertext gives another secret, not an
 * error (implicit rejection); one of a wrong length throws `OPEN_FAILED`.
 */
export function mlkemDecapsulate(privateKey: KeyObject, ciphertext: Uint8Array): Uint8Array {
  try {
    return copyBytes(decapsulate(privateKey, ciphertext));
  } catch (cause) {
    throw new CryptoError('OPEN_FAILED', 'ml-kem-768: not a ciphertext', { cause });
  }
}

/**
 * The y coordinates, sign bit cleared, of the eight points whose order divides 8, with the two
 * encodings (p and p + 1) that lenient decoders accept too. Under such a key some verifiers accept
 * signatures that nobody made; OpenSSL 3.5 does not, but documents with them must not even begin.
 */
const SMALL_ORDER_Y = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function isSmallOrderPoint(raw: Uint8Array): boolean {
  const y = copyBytes(raw);
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.has(Buffer.from(y).toString('hex'));
}
