import { createHash } from 'node:crypto';
import { base32 } from 'multiformats/bases/base32';
import { base58btc } from 'multiformats/bases/base58';
import { AuthorityError } from './errors.ts';

/** CIDv1, dag-cbor, sha2-256 of 32 bytes: the only kind a UCAN token has. */
const PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20);
const CID_BYTES = 36;
const TEXT_MAX = 128;

/**
 * The content identifier of a sealed token.
 *
 * @param bytes the sealed token
 * @returns CIDv1 (dag-cbor, sha2-256) in base32 lower case, `bafyrei…`
 */
export function cidOf(bytes: Uint8Array): string {
  const cid = new Uint8Array(CID_BYTES);
  cid.set(PREFIX);
  cid.set(createHash('sha256').update(bytes).digest(), PREFIX.length);
  return base32.encode(cid);
}

/**
 * Brings the two text forms in use to one, so that equal identifiers are equal strings. The UCAN
 * specification writes base58btc (`zdpu…`), its reference implementation base32 (`bafyrei…`).
 *
 * @param text a CID of a token in base32 or base58btc
 * @returns the same CID in base32
 * @throws AuthorityError MALFORMED for anything else
 */
export function normaliseCid(text: string): string {
  if (text.length > TEXT_MAX) throw notCid();
  let cid: Uint8Array;
  try {
    cid = text.startsWith('z') ? base58btc.decode(text) : base32.decode(text);
  } catch {
    throw notCid();
  }
  if (cid.length !== CID_BYTES || PREFIX.some((byte, i) => cid[i] !== byte)) throw notCid();
  return base32.encode(cid);
}

function notCid(): AuthorityError {
  return new AuthorityError(
    'MALFORMED',
    'expected the CID of a token: version 1, dag-cbor, sha2-256, in base32 or base58btc',
  );
}
