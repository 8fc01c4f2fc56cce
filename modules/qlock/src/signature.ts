import { lengthPrefixed, utf8 } from '@anarq/crypto';

/** The domain of every signature that Qlock makes; the caller's own domain is part of the message. */
export const SIGN_DOMAIN = 'q.qlock.sign.v1';
export const NONCE_BYTES = 16;

/**
 * The bytes that a LockSig signs: domain (UTF-8), time (8 bytes, big-endian, milliseconds since
 * 1970), nonce and message, each behind its length in 4 bytes, big-endian. They are signed with
 * the hybrid scheme of @anarq/crypto in the domain `q.qlock.sign.v1`: 64 bytes Ed25519, then 3,309
 * bytes ML-DSA-65.
 */
export function signedBytes(signed: {
  readonly domain: string;
  readonly ts: number;
  readonly nonce: Uint8Array;
  readonly message: Uint8Array;
}): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(signed.ts));
  return lengthPrefixed(utf8(signed.domain), time, signed.nonce, signed.message);
}
