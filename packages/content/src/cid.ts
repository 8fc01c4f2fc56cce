import { hash } from 'node:crypto';
import { base32 } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { create as createMultihash } from 'multiformats/hashes/digest';
import { ContentError } from './errors.ts';

/** Multicodec `raw`: the bytes are the block. */
export const RAW_CODE = 0x55;
/** Multicodec `dag-pb`. */
export const DAG_PB_CODE = 0x70;
const SHA2_256_CODE = 0x12;

/** CIDv1, codec raw, sha2-256, 32 digest bytes: the one form that names a block here. */
const RAW_CID_PREFIX = [0x01, RAW_CODE, SHA2_256_CODE, 0x20] as const;
const RAW_CID_BYTES = 36;
/** Multibase letter `b`, and 36 bytes in base32 without padding. */
const RAW_CID_CHARACTERS = 59;

/** The CIDv1 of `bytes` under the codec `code`, with sha2-256. */
export function cidOf(code: number, bytes: Uint8Array): CID {
  return CID.createV1(code, createMultihash(SHA2_256_CODE, hash('sha256', bytes, 'buffer')));
}

/**
 * Reads the canonical text of a raw CIDv1 with sha2-256 (`bafkrei…`, 59 characters) and nothing
 * else: no other base, codec, version or hash, and no second spelling of the same CID.
 * Throws ContentError('CID_INVALID').
 */
export function parseRawCid(text: string): CID {
  const bytes = text.length === RAW_CID_CHARACTERS ? decodeBase32(text) : undefined;
  const isRaw =
    bytes?.length === RAW_CID_BYTES && RAW_CID_PREFIX.every((byte, i) => bytes[i] === byte);
  // CID.parse would keep the given spelling as the CID's text, so the bytes are encoded anew.
  if (bytes === undefined || !isRaw || base32.encode(bytes) !== text) {
    throw new ContentError(
      'CID_INVALID',
      'Expected the CID of a raw block: version 1, sha2-256, base32, 59 characters.',
    );
  }
  return CID.decode(bytes);
}

function decodeBase32(text: string): Uint8Array | undefined {
  try {
    return base32.decode(text);
  } catch {
    return undefined;
  }
}
