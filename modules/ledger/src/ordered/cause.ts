import { createHash } from 'node:crypto';

/** Bytes of a cause that name the batch; the rest says where in an order it stands. */
const KEY_BYTES = 24;
const CAUSE_BYTES = 32;

/** The key under which a batch is in an order: 32 characters, from the cause that names it. */
export const keyOfCause = (cause: Uint8Array): string =>
  Buffer.from(cause.subarray(0, KEY_BYTES)).toString('base64url');

/** A cause from any text that names a batch. */
export const causeOfText = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** The bytes of a key of an order; undefined where it is none of a ledger. */
export function digestOfKey(key: string): Uint8Array | undefined {
  const digest = Buffer.from(key, 'base64url');
  return digest.byteLength === KEY_BYTES ? digest : undefined;
}

/** What the log keeps of a batch of an order: which it is, and its place in the order. */
export function orderedCause(digest: Uint8Array, sequence: bigint): Uint8Array {
  const cause = Buffer.alloc(CAUSE_BYTES);
  cause.set(digest);
  cause.writeBigUInt64LE(sequence, KEY_BYTES);
  return cause;
}

export const digestIn = (cause: Uint8Array): Uint8Array => cause.subarray(0, KEY_BYTES);

export const sequenceIn = (cause: Uint8Array): bigint =>
  Buffer.from(cause.buffer, cause.byteOffset, cause.byteLength).readBigUInt64LE(KEY_BYTES);
