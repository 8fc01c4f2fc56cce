import type { KeyObject } from 'node:crypto';
import type { SignatureScheme } from '@anarq/dag/testing';
import {
  importPrivateKey,
  importPublicKey,
  rawPublicKey,
  signSingle,
  verifySingle,
} from '@anarq/crypto';

/** ML-DSA-65 (FIPS 204) of node:crypto as a simulation takes it; it signs hedged, so never twice the same. */
export function mlDsa65(): SignatureScheme {
  const keys = new WeakMap<Uint8Array, KeyObject | undefined>();
  const keyOf = (publicKey: Uint8Array): KeyObject | undefined => {
    if (!keys.has(publicKey)) keys.set(publicKey, keyIn(publicKey));
    return keys.get(publicKey);
  };
  return {
    keyPair: (seed) => {
      const key = importPrivateKey('mldsa65', seed);
      return { publicKey: rawPublicKey(key), sign: (message) => signSingle(key, message) };
    },
    verify: (publicKey, message, signature) => {
      const key = keyOf(publicKey);
      return key !== undefined && verifySingle(key, message, signature);
    },
  };
}

function keyIn(publicKey: Uint8Array): KeyObject | undefined {
  try {
    return importPublicKey('mldsa65', publicKey);
  } catch {
    return undefined;
  }
}
