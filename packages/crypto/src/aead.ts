import { createCipheriv, createDecipheriv } from 'node:crypto';
import { randomBytes, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';

/** Bytes a sealed message is longer than its plaintext. */
export const SEAL_OVERHEAD = 28;

const ALGORITHM = 'aes-256-gcm';
const KEY_LENGTH = 32;
/** The one length of GCM nonces for which SP 800-38D needs no extra hash; no other is accepted. */
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
/** What fits one OpenSSL call and one sensible buffer; longer content is sealed in blocks. */
const PLAIN_LENGTH_MAX = 1024 * 1024 * 1024;

/**
 * AES-256-GCM (SP 800-38D) with a fresh random nonce: nonce (12 bytes), ciphertext, tag (16 bytes).
 * `aad` is authenticated, not stored; a text is taken as UTF-8. With random nonces one key seals at
 * most 2^32 messages. Throws `BAD_KEY` where the key is not 32 bytes, `MALFORMED` above 1 GiB.
 */
export function sealBytes(
  key: Uint8Array,
  plain: Uint8Array,
  aad: string | Uint8Array,
): Uint8Array {
  return sealBehind(NOTHING, key, plain, aad);
}

const NOTHING = new Uint8Array(0);

/** The same behind some bytes that stand in front of it. */
export function sealBehind(
  head: Uint8Array,
  key: Uint8Array,
  plain: Uint8Array,
  aad: string | Uint8Array,
): Uint8Array {
  if (plain.byteLength > PLAIN_LENGTH_MAX) {
    throw new CryptoError('MALFORMED', `at most ${PLAIN_LENGTH_MAX} bytes are sealed at once`);
  }
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(ALGORITHM, checkedKey(key), nonce);
  cipher.setAAD(aadBytes(aad));
  const start = head.byteLength;
  const sealed = new Uint8Array(start + plain.byteLength + SEAL_OVERHEAD);
  sealed.set(head);
  sealed.set(nonce, start);
  sealed.set(cipher.update(plain), start + NONCE_LENGTH);
  cipher.final();
  sealed.set(cipher.getAuthTag(), start + NONCE_LENGTH + plain.byteLength);
  return sealed;
}

/**
 * The plaintext of a message sealed under this key with this `aad`. Throws `OPEN_FAILED`, without
 * saying why, where key, `aad` or any bit differs; `BAD_KEY` where the key is not 32 bytes.
 */
export function openBytes(
  key: Uint8Array,
  sealed: Uint8Array,
  aad: string | Uint8Array,
): Uint8Array {
  if (sealed.byteLength < SEAL_OVERHEAD) throw openFailed();
  const tagStart = sealed.byteLength - TAG_LENGTH;
  const nonce = sealed.subarray(0, NONCE_LENGTH);
  const decipher = createDecipheriv(ALGORITHM, checkedKey(key), nonce, {
    authTagLength: TAG_LENGTH,
  });
  decipher.setAAD(aadBytes(aad));
  decipher.setAuthTag(sealed.subarray(tagStart));
  try {
    const plain = new Uint8Array(decipher.update(sealed.subarray(NONCE_LENGTH, tagStart)));
    decipher.final();
    return plain;
  } catch {
    throw openFailed();
  }
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.byteLength !== KEY_LENGTH) {
    throw new CryptoError('BAD_KEY', `expected a key of ${KEY_LENGTH} bytes`);
  }
  return key;
}

function aadBytes(aad: string | Uint8Array): Uint8Array {
  return typeof aad === 'string' ? utf8(aad) : aad;
}

function openFailed(): CryptoError {
  return new CryptoError(
    'OPEN_FAILED',
    'the sealed message does not open: wrong key, wrong associated data, or changed bytes',
  );
}
