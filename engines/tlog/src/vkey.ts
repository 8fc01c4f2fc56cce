import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { concat, fromBase64, utf8 } from './encoding.ts';
import { malformed } from './errors.ts';
import { sha256 } from './hash.ts';

/** Signature types of C2SP signed-note that this engine signs and verifies, by their identifier byte. */
export const SIGNATURE_TYPE = { ed25519: 0x01, mldsa44Cosignature: 0x06 } as const;
/** One of the identifier bytes above. */
export type SignatureType = (typeof SIGNATURE_TYPE)[keyof typeof SIGNATURE_TYPE];

const KEY_KINDS = {
  [SIGNATURE_TYPE.ed25519]: { node: 'ed25519', bytes: 32 },
  [SIGNATURE_TYPE.mldsa44Cosignature]: { node: 'ml-dsa-44', bytes: 1312 },
} as const;

/** A verifier key: name, signature type and the raw public key (32 bytes Ed25519, 1,312 bytes ML-DSA-44). */
export interface Vkey {
  readonly name: string;
  readonly type: SignatureType;
  readonly publicKey: Uint8Array;
}

/** The verifier key of a key pair half (private or public) under a name. Throws TLOG_MALFORMED on another kind of key. */
export function vkeyOf(name: string, type: SignatureType, key: KeyObject): Vkey {
  checkKeyName(name);
  const kind = KEY_KINDS[type];
  if (key.asymmetricKeyType !== kind.node) {
    malformed(`the key is ${key.asymmetricKeyType ?? 'symmetric'}, expected ${kind.node}`);
  }
  const publicHalf = key.type === 'private' ? createPublicKey(key) : key;
  return { name, type, publicKey: new Uint8Array(publicHalf.export({ format: 'raw-public' })) };
}

/** The public key as node:crypto takes it. Throws TLOG_MALFORMED when the bytes are no such key. */
export function keyObjectOf(vkey: Vkey): KeyObject {
  try {
    return createPublicKey({
      key: Buffer.from(vkey.publicKey),
      format: 'raw-public',
      asymmetricKeyType: KEY_KINDS[vkey.type].node,
    });
  } catch {
    return malformed('the verifier key holds no valid public key');
  }
}

/** Key id: SHA-256(name || 0x0A || type || public key), first 4 bytes, as 8 hex digits. */
export function keyIdHex({ name, type, publicKey }: Vkey): string {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey))
    .subarray(0, 4)
    .toHex();
}

/** The text form `name+id+base64(type || key)` (C2SP signed-note, "Verifier keys"). */
export function formatVkey(vkey: Vkey): string {
  const material = concat(Uint8Array.of(vkey.type), vkey.publicKey).toBase64();
  return `${vkey.name}+${keyIdHex(vkey)}+${material}`;
}

/** Reads a verifier key of a type above; the id must be the derived one. Throws TLOG_MALFORMED. */
export function parseVkey(text: string): Vkey {
  const first = text.indexOf('+');
  const second = text.indexOf('+', first + 1);
  if (first < 0 || second < 0 || text.length > 4096)
    return malformed('a verifier key is name+id+key');
  const name = text.slice(0, first);
  checkKeyName(name);
  const material = fromBase64(text.slice(second + 1), 'the key of a verifier key');
  const type = Object.values(SIGNATURE_TYPE).find((known) => known === material[0]);
  if (type === undefined) return malformed('the verifier key has an unknown signature type');
  const vkey = { name, type, publicKey: material.slice(1) };
  if (vkey.publicKey.length !== KEY_KINDS[type].bytes) malformed('the key has a wrong length');
  if (keyIdHex(vkey) !== text.slice(first + 1, second)) malformed('the key id is not of this key');
  return vkey;
}

/** Throws TLOG_MALFORMED unless the name is not empty, at most 255 bytes, and without spaces, plus and control characters. */
export function checkKeyName(name: string): void {
  if (name.length === 0 || utf8(name).length > 255) malformed('a key name has 1 to 255 bytes');
  if (!name.isWellFormed() || /[\p{White_Space}\p{Cc}+]/u.test(name)) {
    malformed('a key name has no spaces, plus or control characters');
  }
}
