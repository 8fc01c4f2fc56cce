import { createHmac } from 'node:crypto';
import { openBytes, sealBytes } from './aead.ts';
import { concatBytes, lengthPrefixed } from './bytes.ts';
import { deriveSecret } from './derive.ts';
import { CryptoError } from './errors.ts';
import type { RootKey } from './rootKeyFile.ts';

/** In front of every sealed message: which derivation from the root key opens it. */
const SEAL_VERSION = 1;
/** Purposes are named in code, never by callers; this bounds what a mistake would cost. */
const PURPOSES_MAX = 1_024;

/** Seals what a node keeps, each purpose under a key of its own. */
export interface Sealer {
  /**
   * Seals bytes for one purpose and one id: version (1 byte), then as `sealBytes`. What was sealed
   * for another purpose or id does not open. At most 2^32 messages a purpose.
   */
  seal(purpose: string, id: string, plain: Uint8Array): Uint8Array;
  /** The bytes sealed for this purpose and id. Throws `OPEN_FAILED`. */
  open(purpose: string, id: string, sealed: Uint8Array): Uint8Array;
  /** HMAC-SHA256 (32 bytes) under a key of the purpose that seals nothing. */
  mac(purpose: string, message: Uint8Array): Uint8Array;
}

/**
 * A sealer whose keys derive from the node's root key: HKDF for each purpose (1 to 190 bytes),
 * AES-256-GCM, purpose and id as associated data.
 */
export function createSealer(rootKey: RootKey): Sealer {
  const keys = new Map<string, Uint8Array>();
  const keyOf = (use: 'seal' | 'mac', purpose: string): Uint8Array => {
    const label = `${use}|${purpose}`;
    const known = keys.get(label);
    if (known !== undefined) return known;
    if (keys.size >= PURPOSES_MAX) {
      throw new CryptoError('MALFORMED', `a sealer serves at most ${PURPOSES_MAX} purposes`);
    }
    const key = deriveSecret(rootKey.seed, label);
    keys.set(label, key);
    return key;
  };
  const aadOf = (purpose: string, id: string) =>
    concatBytes(Uint8Array.of(SEAL_VERSION), lengthPrefixed(purpose, id));

  return {
    seal: (purpose, id, plain) =>
      concatBytes(
        Uint8Array.of(SEAL_VERSION),
        sealBytes(keyOf('seal', purpose), plain, aadOf(purpose, id)),
      ),
    open: (purpose, id, sealed) => {
      if (sealed[0] !== SEAL_VERSION) {
        throw new CryptoError('OPEN_FAILED', 'the message is not sealed in a version known here');
      }
      return openBytes(keyOf('seal', purpose), sealed.subarray(1), aadOf(purpose, id));
    },
    mac: (purpose, message) =>
      new Uint8Array(createHmac('sha256', keyOf('mac', purpose)).update(message).digest()),
  };
}
