import { AuthorityError } from './errors.ts';

/** How a delegation is signed. The hybrid one is ours alone: see {@link HEADERS}. */
export type Algorithm = 'ed25519' | 'ed25519+mldsa65';

/** Lengths in bytes: RFC 8032 and FIPS 204, table 2. */
export const ED25519_SIGNATURE_BYTES = 64;
const MLDSA65_SIGNATURE_BYTES = 3309;

/**
 * Varsig v1 headers.
 *
 * `ed25519`: 0x34 varsig, version 1, EdDSA (0xed), edwards25519 (0xed), SHA2-512 (0x13), DAG-CBOR
 * (0x71); the bytes every UCAN implementation knows.
 *
 * `ed25519+mldsa65`: 0x34, version 1, 0x300d65 of multicodec's private use area, DAG-CBOR. The
 * signature is an Ed25519 signature followed by an ML-DSA-65 one (FIPS 204, context `ucan/dlg`);
 * both are over the same bytes and both must verify. NOT INTEROPERABLE: no other implementation
 * reads it. As the header is signed, neither half can be taken out and used alone.
 */
const HEADERS: Readonly<Record<Algorithm, Uint8Array>> = {
  ed25519: Uint8Array.of(0x34, 0x01, 0xed, 0x01, 0xed, 0x01, 0x13, 0x71),
  'ed25519+mldsa65': Uint8Array.of(0x34, 0x01, 0xe5, 0x9a, 0xc0, 0x01, 0x71),
};

const SIGNATURE_BYTES: Readonly<Record<Algorithm, number>> = {
  ed25519: ED25519_SIGNATURE_BYTES,
  'ed25519+mldsa65': ED25519_SIGNATURE_BYTES + MLDSA65_SIGNATURE_BYTES,
};

/** @returns the varsig header of an algorithm, as it stands in the member `h` of an envelope. */
export function headerOf(algorithm: Algorithm): Uint8Array {
  return HEADERS[algorithm].slice();
}

/** @throws AuthorityError BAD_SIGNATURE where the signature cannot be one of this algorithm. */
export function checkSignatureLength(signature: Uint8Array, algorithm: Algorithm): void {
  const expected = SIGNATURE_BYTES[algorithm];
  if (signature.length === expected) return;
  const came = signature.length;
  const message = `a signature of ${algorithm} has ${expected} bytes, this one has ${came}`;
  throw new AuthorityError('BAD_SIGNATURE', message);
}

/**
 * @param header the member `h` of an envelope
 * @throws AuthorityError MALFORMED for a header that is not one of ours
 */
export function algorithmOf(header: unknown): Algorithm {
  if (header instanceof Uint8Array) {
    if (sameBytes(header, HEADERS.ed25519)) return 'ed25519';
    if (sameBytes(header, HEADERS['ed25519+mldsa65'])) return 'ed25519+mldsa65';
  }
  throw new AuthorityError('MALFORMED', 'the varsig header names no signature known here');
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
