import { createHmac } from 'node:crypto';
import { openBytes, sealBehind } from './aead.ts';
import { concatBytes, lengthPrefixed } from './bytes.ts';
import { deriveSecret } from './derive.ts';
import { CryptoError } from './errors.ts';
import { epochOf, nameKeyOf, type RootKey } from './rootKey.ts';

/** In front of every sealed message: which of the root keys opens it; 1 is the first. */
const FIRST_KEY = 1;
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
  /** The same under every root key that is still there, the one in force first. */
  macs(purpose: string, message: Uint8Array): Uint8Array[];
  /** HMAC-SHA256 that stays the same over changes of the root key: for what is found by it. */
  nameMac(purpose: string, message: Uint8Array): Uint8Array;
  /** Whether bytes are sealed under the root key in force. */
  isCurrent(sealed: Uint8Array): boolean;
}

/**
 * A sealer whose keys derive from the node's root key: HKDF for each purpose (1 to 190 bytes),
 * AES-256-GCM, version, purpose and id as associated data. It seals and codes under the key in
 * force, and opens what any key before it sealed, while that one is there.
 */
export function createSealer(rootKey: RootKey): Sealer {
  const { seed, earlier = [] } = rootKey;
  const current = FIRST_KEY + epochOf(rootKey);
  const head = Uint8Array.of(current);
  const seeds = new Map([[current, seed]]);
  for (const [place, { seed: old }] of earlier.entries())
    if (old !== undefined) seeds.set(FIRST_KEY + place, old);

  const keys = new Map<string, Uint8Array>();
  const remembered = (name: string, derive: () => Uint8Array): Uint8Array => {
    const known = keys.get(name);
    if (known !== undefined) return known;
    if (keys.size >= PURPOSES_MAX * seeds.size) {
      throw new CryptoError('MALFORMED', `a sealer serves at most ${PURPOSES_MAX} purposes`);
    }
    const key = derive();
    keys.set(name, key);
    return key;
  };
  const keyOf = (use: 'seal' | 'mac', purpose: string, version: number): Uint8Array => {
    const from = seeds.get(version);
    if (from === undefined) {
      throw new CryptoError('OPEN_FAILED', 'the message is not sealed under a key known here');
    }
    const label = `${use}|${purpose}`;
    return remembered(`${version}|${label}`, () => deriveSecret(from, label));
  };
  const aadOf = (purpose: string, id: string, version: number) =>
    concatBytes(Uint8Array.of(version), lengthPrefixed(purpose, id));
  const hmac = (key: Uint8Array, message: Uint8Array) =>
    new Uint8Array(createHmac('sha256', key).update(message).digest());

  return {
    seal: (purpose, id, plain) =>
      sealBehind(head, keyOf('seal', purpose, current), plain, aadOf(purpose, id, current)),
    open: (purpose, id, sealed) => {
      const version = sealed[0] ?? 0;
      const key = keyOf('seal', purpose, version);
      return openBytes(key, sealed.subarray(1), aadOf(purpose, id, version));
    },
    mac: (purpose, message) => hmac(keyOf('mac', purpose, current), message),
    macs: (purpose, message) =>
      [...seeds.keys()]
        .toSorted((a, b) => b - a)
        .map((version) => hmac(keyOf('mac', purpose, version), message)),
    nameMac: (purpose, message) =>
      hmac(
        remembered(`name|${purpose}`, () => nameKeyOf(rootKey, purpose)),
        message,
      ),
    isCurrent: (sealed) => sealed[0] === current,
  };
}
