import type { KeyObject } from 'node:crypto';
import { createHmac } from 'node:crypto';
import { concatBytes, copyBytes, randomBytes, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { hkdfExpandSha256 } from './hkdf.ts';
import type { Algorithm } from './primitives.ts';
import { ALGORITHMS, importPrivateKey } from './primitives.ts';

/** Bytes of the one secret everything of an identity, or of a node, is derived from. */
export const SEED_LENGTH = 64;

const HARDENED = 0x80000000;
/** First step of every path: keeps these keys apart from those other software derives of a seed. */
const ROOT_STEP = 83;
/** Stands at the place of `alg` in the path of secrets that are no algorithm's key. */
const SECRET_STEP = 0;
/** Part of every HKDF label; a change of the derivation is a new version, never another meaning. */
const DERIVATION_VERSION = 'v1';

/** What keys are used for: part of the label, so that no two uses can ever share a key. */
type Usage = 'identity' | 'log' | 'secret';

/** The private keys of an identity: two to sign with, two to agree on secrets with. */
export interface IdentityKeys {
  readonly ed25519: KeyObject;
  readonly mldsa65: KeyObject;
  readonly x25519: KeyObject;
  readonly mlkem768: KeyObject;
}

/** The private keys a node signs its transparency log with. */
export interface LogKeys {
  readonly ed25519: KeyObject;
  readonly mldsa44: KeyObject;
}

/** 64 random bytes. */
export function generateSeed(): Uint8Array {
  return randomBytes(SEED_LENGTH);
}

/**
 * The private keys of an identity: SLIP-10, hardened steps only, along `m/83'/alg'/purpose'/index'`
 * (`alg` is the multicodec code), then HKDF-Expand with the label `alg|use|version`.
 * Sub-identities are other indexes of the same seed; nobody can link them without it. `purpose` and
 * `index` default to 0 and are below 2^31. Throws `BAD_KEY` on a seed that is not 64 bytes,
 * `MALFORMED` on a number out of range.
 */
export function deriveKeys(
  seed: Uint8Array,
  at: { readonly purpose?: number; readonly index?: number } = {},
): IdentityKeys {
  const { purpose = 0, index = 0 } = at;
  return {
    ed25519: deriveKey(seed, 'ed25519', 'identity', purpose, index),
    mldsa65: deriveKey(seed, 'mldsa65', 'identity', purpose, index),
    x25519: deriveKey(seed, 'x25519', 'identity', purpose, index),
    mlkem768: deriveKey(seed, 'mlkem768', 'identity', purpose, index),
  };
}

/** The private keys of a node's log: never equal to those of an identity of the same seed. */
export function deriveLogKeys(seed: Uint8Array): LogKeys {
  return {
    ed25519: deriveKey(seed, 'ed25519', 'log', 0, 0),
    mldsa44: deriveKey(seed, 'mldsa44', 'log', 0, 0),
  };
}

/** 32 secret bytes of their own for each label (1 to 200 UTF-8 bytes). */
export function deriveSecret(seed: Uint8Array, label: string): Uint8Array {
  const name = utf8(label);
  if (name.byteLength === 0 || name.byteLength > 200) {
    throw new CryptoError('MALFORMED', 'expected a label of 1 to 200 bytes');
  }
  const { key } = slip10(checkedSeed(seed), [ROOT_STEP, SECRET_STEP, 0, 0]);
  return hkdfExpandSha256(key, concatBytes(utf8(expandLabel('secret', 'secret')), name), 32);
}

function deriveKey(
  seed: Uint8Array,
  algorithm: Algorithm,
  usage: Usage,
  purpose: number,
  index: number,
): KeyObject {
  const { multicodec, seedLength } = ALGORITHMS[algorithm];
  const node = slip10(checkedSeed(seed), [ROOT_STEP, multicodec, purpose, index]);
  const label = utf8(expandLabel(algorithm, usage));
  const algorithmSeed = hkdfExpandSha256(node.key, label, seedLength);
  const key = importPrivateKey(algorithm, algorithmSeed);
  algorithmSeed.fill(0);
  return key;
}

function expandLabel(algorithm: Algorithm | 'secret', usage: Usage): string {
  return `${algorithm}|${usage}|${DERIVATION_VERSION}|`;
}

function checkedSeed(seed: Uint8Array): Uint8Array {
  if (seed.byteLength !== SEED_LENGTH) {
    throw new CryptoError('BAD_KEY', `expected a seed of ${SEED_LENGTH} bytes`);
  }
  return seed;
}

/**
 * SLIP-0010 for the curve `ed25519`, where every step is hardened: nothing can be derived from
 * public keys, which post-quantum keys could not offer anyway. Returns 32 bytes of key and of chain
 * code. Throws `MALFORMED` on a step that is no integer below 2^31, or on more than 16 steps.
 */
export function slip10(
  seed: Uint8Array,
  path: readonly number[],
): { readonly key: Uint8Array; readonly chainCode: Uint8Array } {
  if (path.length > 16) throw new CryptoError('MALFORMED', 'expected a path of 16 steps at most');
  let node = createHmac('sha512', 'ed25519 seed').update(seed).digest();
  for (const step of path) {
    if (!Number.isInteger(step) || step < 0 || step >= HARDENED) {
      throw new CryptoError('MALFORMED', 'expected steps of a path to be integers below 2^31');
    }
    const data = Buffer.alloc(37);
    node.copy(data, 1, 0, 32);
    data.writeUInt32BE(HARDENED + step, 33);
    node = createHmac('sha512', node.subarray(32)).update(data).digest();
  }
  return { key: copyBytes(node.subarray(0, 32)), chainCode: copyBytes(node.subarray(32)) };
}
