import { createPublicKey, type KeyObject } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { AuthorityError } from './errors.ts';

const DID_LENGTH_MAX = 512;
const ED25519_KEY_BYTES = 32;
/** Multicodec ed25519-pub (0xed) as a varint. */
const ED25519_PREFIX = Uint8Array.of(0xed, 0x01);
/** W3C DID Core 3.1 and 3.2: a DID, here with an optional fragment that names one of its keys. */
const DID = /^did:[a-z0-9]+:[A-Za-z0-9._%-]+(?::[A-Za-z0-9._%-]+)*(?:#[A-Za-z0-9._~:%-]+)?$/;

/**
 * @param value what should be a DID, with or without a fragment
 * @param field its name, for the message
 * @returns the DID as it came
 * @throws AuthorityError MALFORMED
 */
export function parseDid(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > DID_LENGTH_MAX || !DID.test(value)) {
    throw new AuthorityError('MALFORMED', `${field} must be a DID of at most ${DID_LENGTH_MAX}`);
  }
  return value;
}

/**
 * The principal behind a DID. Alignment of a chain ignores fragments: they say which key signed,
 * not who (UCAN Delegation, Principal Alignment).
 */
export function principalOf(did: string): string {
  const hash = did.indexOf('#');
  return hash < 0 ? did : did.slice(0, hash);
}

/**
 * Names an Ed25519 key by itself.
 *
 * @param publicKey 32 raw bytes
 * @returns `did:key:z6Mk…`
 */
export function didKeyOfEd25519(publicKey: Uint8Array): string {
  if (publicKey.length !== ED25519_KEY_BYTES) {
    throw new AuthorityError('MALFORMED', `an Ed25519 public key has ${ED25519_KEY_BYTES} bytes`);
  }
  const bytes = new Uint8Array(ED25519_PREFIX.length + ED25519_KEY_BYTES);
  bytes.set(ED25519_PREFIX);
  bytes.set(publicKey, ED25519_PREFIX.length);
  return `did:key:${base58btc.encode(bytes)}`;
}

/**
 * The key in a `did:key:z6Mk…`.
 *
 * @returns the Ed25519 public key, or undefined where the DID is no Ed25519 did:key
 */
export function ed25519OfDidKey(did: string): KeyObject | undefined {
  const principal = principalOf(did);
  if (!principal.startsWith('did:key:z6Mk')) return undefined;
  try {
    const raw = base58btc.decode(principal.slice('did:key:'.length)).subarray(2);
    // Encoding it again refuses a wrong prefix, a wrong length and leftover bits at once.
    if (didKeyOfEd25519(raw) !== principal) return undefined;
    const key = { key: raw, format: 'raw-public', asymmetricKeyType: 'ed25519' } as const;
    return createPublicKey(key);
  } catch {
    return undefined;
  }
}
