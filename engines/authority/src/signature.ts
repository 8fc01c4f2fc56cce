import { verify, type KeyObject } from 'node:crypto';
import type { Delegation } from './delegation.ts';
import { ed25519OfDidKey } from './did.ts';
import { AuthorityError } from './errors.ts';
import { ED25519_SIGNATURE_BYTES } from './varsig.ts';

/** The public keys of an identity. */
export interface IssuerKeys {
  readonly ed25519: KeyObject;
  readonly mldsa65?: KeyObject;
  /** Set where the identity signs only with both, so that Ed25519 alone is refused. */
  readonly hybridOnly?: boolean;
}

/**
 * Finds the public keys of an issuer.
 *
 * @param did the `iss` of a delegation, with its fragment if it has one
 * @returns undefined where the identity is not known
 */
export type KeysOf = (did: string) => IssuerKeys | undefined;

/** FIPS 204 context string: an ML-DSA signature made for anything else is none here. */
export const MLDSA_CONTEXT: Uint8Array = new TextEncoder().encode('ucan/dlg');

/**
 * Verifies that the issuer signed a delegation. `did:key:z6Mk…` carries its own Ed25519 key, which
 * nothing overrides; all other keys, ML-DSA ones too, are asked for. A hybrid signature holds only if both of its halves do.
 *
 * @throws AuthorityError BAD_SIGNATURE
 */
export function verifySignature(delegation: Delegation, keysOf: KeysOf): void {
  const { algorithm, cid, iss, signature, signedBytes } = delegation;
  const own = ed25519OfDidKey(iss);
  const known = keysOf(iss);
  const keys = own === undefined ? known : { ...known, ed25519: own };
  if (keys === undefined) throw refused(`the keys of ${iss} are not known`, cid);
  if (algorithm === 'ed25519' && keys.hybridOnly === true) {
    throw refused(`${iss} signs with Ed25519 and ML-DSA-65 together, only one came`, cid);
  }
  const classical = signature.subarray(0, ED25519_SIGNATURE_BYTES);
  if (
    keys.ed25519.asymmetricKeyType !== 'ed25519' ||
    !verify(null, signedBytes, keys.ed25519, classical)
  ) {
    throw refused(`the Ed25519 signature is not that of ${iss}`, cid);
  }
  if (algorithm === 'ed25519') return;
  if (
    keys.mldsa65?.asymmetricKeyType !== 'ml-dsa-65' ||
    !verify(
      null,
      signedBytes,
      { key: keys.mldsa65, context: MLDSA_CONTEXT },
      signature.subarray(ED25519_SIGNATURE_BYTES),
    )
  ) {
    throw refused(`the ML-DSA-65 signature is not that of ${iss}`, cid);
  }
}

function refused(message: string, cid: string): AuthorityError {
  return new AuthorityError('BAD_SIGNATURE', message, cid);
}
