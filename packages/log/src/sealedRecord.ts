import {
  concatBytes,
  equalBytes,
  openBytes,
  randomBytes,
  sealBytes,
  sha256,
  utf8,
} from '@anarq/crypto';
import { decode, encode } from '@ipld/dag-cbor';
import { base32 } from 'multiformats/bases/base32';
import { LogError } from './errors.ts';
import { encodePlain } from './plainCbor.ts';

/** The body of a record: any values of the DAG-CBOR data model. */
export type RecordBody = Readonly<Record<string, unknown>>;

/** A record ready to be stored: its CID, the sealed bytes the CID is of, and the key (32 bytes) that opens them. */
export interface SealedRecord {
  readonly cid: string;
  readonly sealed: Uint8Array;
  readonly key: Uint8Array;
}

/** The longest body, encoded, in bytes. */
export const BODY_BYTES_MAX = 64 * 1024;
/** The longest sealed record: body, salt, key commitment, nonce and tag. */
export const SEALED_BYTES_MAX = BODY_BYTES_MAX + 256;
/** Length in bytes of a record's CID, which is the data of its leaf. */
const CID_BYTES = 36;

/** Beyond this the library finds out how long it is. */
const PLAIN_BYTES_MAX = 16 * 1024;
const AAD = 'q.record.v1';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const COMMITMENT_BYTES = 32;
/** CIDv1, raw, sha2-256, 32 bytes (https://github.com/multiformats/cid). */
const CID_PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20);

/**
 * Encodes a body as canonical DAG-CBOR with a random salt, and seals it under a random key of its own:
 * key commitment (32 bytes), then AES-256-GCM (nonce, ciphertext, tag). GCM alone does not commit to its key: without
 * the commitment a node could prepare one leaf that opens to two stories. Throws LogError MALFORMED or LIMIT.
 */
export function sealRecord(body: RecordBody): SealedRecord {
  let plain: Uint8Array;
  try {
    const content = { v: 1, salt: randomBytes(SALT_BYTES), body };
    plain = encodePlain(content, PLAIN_BYTES_MAX) ?? encode(content);
  } catch (cause) {
    throw new LogError('MALFORMED', 'the record body is not DAG-CBOR data', { cause });
  }
  if (plain.length > BODY_BYTES_MAX) {
    throw new LogError('LIMIT', `the record has ${plain.length} bytes, at most ${BODY_BYTES_MAX}`);
  }
  const key = randomBytes(KEY_BYTES);
  const sealed = concatBytes(commitment(key), sealBytes(key, plain, AAD));
  return { cid: cidOf(sealed), sealed, key };
}

/** Opens a sealed record with its key. Throws LogError MALFORMED where the key is another or the bytes are no record. */
export function openRecord(sealed: Uint8Array, key: Uint8Array): RecordBody {
  if (key.length !== KEY_BYTES || sealed.length > SEALED_BYTES_MAX) {
    throw new LogError('MALFORMED', 'not a sealed record and its key');
  }
  if (!equalBytes(sealed.subarray(0, COMMITMENT_BYTES), commitment(key))) {
    throw new LogError('MALFORMED', 'the key is not the one that this record commits to');
  }
  try {
    const content: unknown = decode(openBytes(key, sealed.subarray(COMMITMENT_BYTES), AAD));
    if (isObject(content) && content['v'] === 1 && isObject(content['body']))
      return content['body'];
  } catch (cause) {
    throw new LogError('MALFORMED', 'the sealed record does not open', { cause });
  }
  throw new LogError('MALFORMED', 'the sealed record holds no record of this version');
}

/** CID (v1, raw, sha2-256, base32) of sealed bytes. */
export function cidOf(sealed: Uint8Array): string {
  return base32.encode(concatBytes(CID_PREFIX, sha256(sealed)));
}

/** The 36 bytes of a record's CID, the data of its leaf. Throws LogError MALFORMED on any other kind of CID. */
export function cidBytes(cid: string): Uint8Array {
  try {
    const bytes = base32.decode(cid);
    const known = bytes.length === CID_BYTES && CID_PREFIX.every((byte, i) => bytes[i] === byte);
    // Base 32 has spare bits at its end: only the canonical text is taken.
    if (known && base32.encode(bytes) === cid) return bytes;
  } catch (cause) {
    throw new LogError('MALFORMED', 'not the CID of a record', { cause });
  }
  throw new LogError('MALFORMED', 'not the CID of a record');
}

/** Whether a value is a plain object (of JSON or DAG-CBOR), neither array nor bytes. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

function commitment(key: Uint8Array): Uint8Array {
  return sha256(concatBytes(utf8('q.record.key.v1\n'), key));
}
