import { fail } from '@anarq/common-schemas';
import { CryptoError, fromBase64url, lengthPrefixed, toBase64url } from '@anarq/crypto';

/**
 * The text form of what was encrypted:
 *
 *     qlock1.<keyId>.<version>.<base64url>   under a key of a node
 *     qto1.<DID>.<base64url>                 to the public keys of an identity
 */
export type Ciphertext =
  | {
      readonly form: 'key';
      readonly keyId: string;
      readonly version: number;
      readonly sealed: Uint8Array;
    }
  | { readonly form: 'identity'; readonly identity: string; readonly sealed: Uint8Array };

/** The text of a ciphertext. */
export const writeCiphertext = (value: Ciphertext): string =>
  value.form === 'key'
    ? `qlock1.${value.keyId}.${value.version}.${toBase64url(value.sealed)}`
    : `qto1.${value.identity}.${toBase64url(value.sealed)}`;

const UNDER_KEY = /^qlock1\.([A-Za-z0-9_-]{1,128})\.([1-9][0-9]{0,3})\.([A-Za-z0-9_-]+)$/;
const TO_IDENTITY = /^qto1\.(did:[a-z0-9]{1,32}:[A-Za-z0-9._:%-]{1,380})\.([A-Za-z0-9_-]+)$/;

/** @throws DECRYPTION_FAILED for a text that is no ciphertext of these forms */
export function readCiphertext(text: string): Ciphertext {
  const [, keyId, version, underKey] = UNDER_KEY.exec(text) ?? [];
  if (keyId !== undefined)
    return { form: 'key', keyId, version: Number(version), sealed: bytesOf(underKey) };
  const [, identity, toIdentity] = TO_IDENTITY.exec(text) ?? [];
  if (identity !== undefined) return { form: 'identity', identity, sealed: bytesOf(toIdentity) };
  return fail('DECRYPTION_FAILED', 'This is not a ciphertext that Qlock wrote.');
}

/**
 * The associated data that is really authenticated, each part behind its length: where a message
 * belongs, then what the caller bound to it. Moved to another tenant, key or version it does not open.
 */
export const aadUnderKey = (
  at: { readonly tenant: string; readonly keyId: string; readonly version: number },
  aad: Uint8Array,
): Uint8Array => lengthPrefixed('q.qlock.encrypt.v1', at.tenant, at.keyId, String(at.version), aad);

/** The same for a message to an identity, which may be of another tenant or node. */
export const aadToIdentity = (identity: string, aad: Uint8Array): Uint8Array =>
  lengthPrefixed('q.qlock.encryptTo.v1', identity, aad);

/** Runs what opens a message. @throws DECRYPTION_FAILED, without saying which part was wrong */
export function opening(open: () => Uint8Array): Uint8Array {
  try {
    return open();
  } catch (error) {
    if (error instanceof CryptoError) return fail('DECRYPTION_FAILED');
    throw error;
  }
}

/** A member of the input in base64url. @throws INPUT_INVALID for another spelling of the same bytes */
export function bytesIn(member: string, text: string): Uint8Array {
  try {
    return fromBase64url(text);
  } catch {
    return fail(
      'INPUT_INVALID',
      `${member} is not base64url without padding, in its one spelling.`,
    );
  }
}

const bytesOf = (text: string | undefined): Uint8Array => opening(() => fromBase64url(text ?? ''));
