import { concatBytes, lengthPrefixed, utf8 } from './bytes.ts';
import type { IdentityKeys } from './derive.ts';
import { CryptoError } from './errors.ts';
import { signSingle, verifySingle } from './primitives.ts';
import type { PublicKeyObjects } from './publicKeys.ts';

const ED25519_SIGNATURE_LENGTH = 64;
const MLDSA65_SIGNATURE_LENGTH = 3_309;
/** Bytes of a hybrid signature. */
export const HYBRID_SIGNATURE_LENGTH = ED25519_SIGNATURE_LENGTH + MLDSA65_SIGNATURE_LENGTH;

/** A context of ML-DSA has 255 bytes at most (FIPS 204, 5.2), hence a domain too. */
const DOMAIN_BYTES_MAX = 255;
/** Sets what a hybrid signature signs apart from anything else an Ed25519 key could sign. */
const ED25519_LABEL = 'q.hybrid.v1';

/** The keys a hybrid signature is made with. */
export type SigningKeys = Pick<IdentityKeys, 'ed25519' | 'mldsa65'>;

/** The keys a hybrid signature is checked with. */
export type VerifyingKeys = Pick<PublicKeyObjects, 'ed25519' | 'mldsa65'>;

/**
 * Ed25519 (64 bytes, RFC 8032) then ML-DSA-65 (3,309 bytes, FIPS 204, hedged), over one message in
 * one domain (1 to 255 bytes of UTF-8, for example `q.call.v1`). The domain is ML-DSA's context;
 * Ed25519, which has none, signs label, domain and message, each behind its length. Throws
 * `MALFORMED` on a domain that is empty, too long or no Unicode.
 *
 * A half that is cut out of a hybrid signature is good for its algorithm alone: accept hybrid
 * signatures only, as `verifyHybrid` does.
 */
export function signHybrid(keys: SigningKeys, domain: string, message: Uint8Array): Uint8Array {
  const context = domainBytes(domain);
  return concatBytes(
    signSingle(keys.ed25519, lengthPrefixed(ED25519_LABEL, context, message)),
    signSingle(keys.mldsa65, message, context),
  );
}

/**
 * Whether both halves verify for this domain and message. False, never an exception, for anything
 * else: wrong length, wrong key, other domain.
 */
export function verifyHybrid(
  keys: VerifyingKeys,
  domain: string,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.byteLength !== HYBRID_SIGNATURE_LENGTH) return false;
  const classical = signature.subarray(0, ED25519_SIGNATURE_LENGTH);
  const postQuantum = signature.subarray(ED25519_SIGNATURE_LENGTH);
  try {
    const context = domainBytes(domain);
    return (
      keys.ed25519.asymmetricKeyType === 'ed25519' &&
      keys.mldsa65.asymmetricKeyType === 'ml-dsa-65' &&
      verifySingle(keys.ed25519, lengthPrefixed(ED25519_LABEL, context, message), classical) &&
      verifySingle(keys.mldsa65, message, postQuantum, context)
    );
  } catch {
    return false;
  }
}

function domainBytes(domain: string): Uint8Array {
  const bytes = utf8(domain);
  if (bytes.byteLength === 0 || bytes.byteLength > DOMAIN_BYTES_MAX) {
    throw new CryptoError('MALFORMED', `expected a domain of 1 to ${DOMAIN_BYTES_MAX} bytes`);
  }
  return bytes;
}
