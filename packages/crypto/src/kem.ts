import type { KeyObject } from 'node:crypto';
import { openBytes, sealBytes } from './aead.ts';
import { concatBytes, lengthPrefixed, randomBytes } from './bytes.ts';
import type { IdentityKeys } from './derive.ts';
import { CryptoError } from './errors.ts';
import { hkdfSha256 } from './hkdf.ts';
import {
  importPrivateKey,
  importPublicKey,
  mlkemDecapsulate,
  mlkemEncapsulate,
  rawPublicKey,
  x25519,
} from './primitives.ts';
import type { KemPublicKeys, PublicKeyObjects } from './publicKeys.ts';

const X25519_LENGTH = 32;
const MLKEM768_CIPHERTEXT_LENGTH = 1_088;
/** Bytes of a hybrid ciphertext: the sender's X25519 key, then ML-KEM-768's ciphertext. */
export const KEM_CIPHERTEXT_LENGTH = X25519_LENGTH + MLKEM768_CIPHERTEXT_LENGTH;

const COMBINER_LABEL = 'q.kem.x25519-mlkem768.v1';
const ENCRYPT_CONTEXT = 'q.kem.encrypt.v1';

/** The private keys a hybrid ciphertext is opened with. */
export type KemPrivateKeys = Pick<IdentityKeys, 'x25519' | 'mlkem768'>;

/** The public keys a hybrid ciphertext is made for. */
export type KemPublicKeyObjects = Pick<PublicKeyObjects, 'x25519' | 'mlkem768'>;

/**
 * A 32-byte key shared with the owner of two public keys, and the 1,120-byte ciphertext from which
 * they get it. `context` names the use: another context gives another key. It says nothing about
 * who sent it. Throws `BAD_KEY` on an X25519 key of small order, `MALFORMED` on a context of more
 * than about 900 bytes.
 */
export function encapsulate(
  recipient: KemPublicKeyObjects,
  context: string,
): { ciphertext: Uint8Array; sharedKey: Uint8Array } {
  const ephemeral = importPrivateKey('x25519', randomBytes(X25519_LENGTH));
  const classicalSecret = x25519(ephemeral, recipient.x25519);
  const postQuantum = mlkemEncapsulate(recipient.mlkem768);
  const ciphertext = concatBytes(rawPublicKey(ephemeral), postQuantum.ciphertext);
  const recipientX25519 = rawPublicKey(recipient.x25519);
  const sharedKey = combine(
    { postQuantum: postQuantum.sharedSecret, classical: classicalSecret },
    ciphertext,
    recipientX25519,
    context,
  );
  return { ciphertext, sharedKey };
}

/**
 * The 32-byte key of a hybrid ciphertext. A changed ciphertext or another context gives another
 * key, not an error: what is sealed under it then does not open. Throws `OPEN_FAILED` on a
 * ciphertext of a wrong length or with an X25519 key of small order.
 */
export function decapsulate(
  keys: KemPrivateKeys,
  ciphertext: Uint8Array,
  context: string,
): Uint8Array {
  if (ciphertext.byteLength !== KEM_CIPHERTEXT_LENGTH) {
    const lengths = `${KEM_CIPHERTEXT_LENGTH} bytes, got ${ciphertext.byteLength}`;
    throw new CryptoError('OPEN_FAILED', `expected a ciphertext of ${lengths}`);
  }
  const sender = importPublicKey('x25519', ciphertext.slice(0, X25519_LENGTH));
  const classical = senderSecret(keys.x25519, sender);
  const postQuantum = mlkemDecapsulate(keys.mlkem768, ciphertext.slice(X25519_LENGTH));
  return combine({ postQuantum, classical }, ciphertext, rawPublicKey(keys.x25519), context);
}

/** Encapsulated key, then the message sealed under it: only the owner of the keys can open it. */
export function encryptTo(
  recipient: KemPublicKeyObjects,
  plain: Uint8Array,
  aad: string | Uint8Array,
): Uint8Array {
  const { ciphertext, sharedKey } = encapsulate(recipient, ENCRYPT_CONTEXT);
  return concatBytes(ciphertext, sealBytes(sharedKey, plain, aad));
}

/** The plaintext of `encryptTo`. Throws `OPEN_FAILED` for other keys, other `aad`, changed bytes. */
export function decryptFrom(
  keys: KemPrivateKeys,
  sealed: Uint8Array,
  aad: string | Uint8Array,
): Uint8Array {
  if (sealed.byteLength < KEM_CIPHERTEXT_LENGTH) {
    throw new CryptoError('OPEN_FAILED', 'the sealed message is too short to hold a key');
  }
  const ciphertext = sealed.subarray(0, KEM_CIPHERTEXT_LENGTH);
  const sharedKey = decapsulate(keys, ciphertext, ENCRYPT_CONTEXT);
  return openBytes(sharedKey, sealed.subarray(KEM_CIPHERTEXT_LENGTH), aad);
}

/** Two fresh keys for one session: the public ones to send, and how to open the answer. */
export interface EphemeralKem {
  readonly publicKeys: KemPublicKeys;
  /** As `decapsulate`, with the private keys that only this object holds. */
  decapsulate(ciphertext: Uint8Array, context: string): Uint8Array;
}

/** Keys for a client that opens a session; forgotten with the object, never stored. */
export function ephemeralKem(): EphemeralKem {
  const keys = {
    x25519: importPrivateKey('x25519', randomBytes(32)),
    mlkem768: importPrivateKey('mlkem768', randomBytes(64)),
  };
  return {
    publicKeys: { x25519: rawPublicKey(keys.x25519), mlkem768: rawPublicKey(keys.mlkem768) },
    decapsulate: (ciphertext, context) => decapsulate(keys, ciphertext, context),
  };
}

/**
 * The combiner: HKDF-SHA256 over ML-KEM's secret, X25519's secret, both ciphertexts and the
 * recipient's X25519 key (each of a fixed length), with label and context as `info`. It is X-Wing's
 * construction (draft-connolly-cfrg-xwing-kem) with HKDF in place of SHA3-256, and with ML-KEM's
 * ciphertext hashed too, so that it leans on no special property of ML-KEM: the cautious form that
 * SP 800-227 describes for multi-algorithm KEMs. So it is not wire-compatible with X-Wing. The
 * key is secret while either of the two problems is hard.
 */
function combine(
  secrets: { readonly postQuantum: Uint8Array; readonly classical: Uint8Array },
  ciphertext: Uint8Array,
  recipientX25519: Uint8Array,
  context: string,
): Uint8Array {
  const input = concatBytes(
    secrets.postQuantum,
    secrets.classical,
    ciphertext.subarray(X25519_LENGTH),
    ciphertext.subarray(0, X25519_LENGTH),
    recipientX25519,
  );
  const info = lengthPrefixed(COMBINER_LABEL, context);
  return hkdfSha256(input, new Uint8Array(0), info, 32);
}

function senderSecret(privateKey: KeyObject, sender: KeyObject): Uint8Array {
  try {
    return x25519(privateKey, sender);
  } catch (cause) {
    throw new CryptoError('OPEN_FAILED', 'the ciphertext holds no usable X25519 key', { cause });
  }
}
