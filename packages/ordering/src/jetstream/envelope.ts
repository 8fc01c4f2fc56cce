import { openBytes, sealBytes, utf8 } from '@anarq/crypto';

const VERSION = 1;
const HEAD_BYTES = 2;

/** Bytes that an envelope and the broker's own headers add to a batch, at most. */
export const ENVELOPE_BYTES_MAX = HEAD_BYTES + 64 + 28 + 96;

/**
 * A batch as it lies in the stream: sealed, because a broker is nobody's confidant, and so that nobody
 * else can put something into the books.
 * @param place the subject: what was sealed for one is not read at another
 */
export function sealBatch(
  key32: Uint8Array,
  place: string,
  key: string,
  bytes: Uint8Array,
): Uint8Array {
  const name = utf8(key);
  const plain = new Uint8Array(HEAD_BYTES + name.byteLength + bytes.byteLength);
  plain[0] = VERSION;
  plain[1] = name.byteLength;
  plain.set(name, HEAD_BYTES);
  plain.set(bytes, HEAD_BYTES + name.byteLength);
  return sealBytes(key32, plain, place);
}

/** @returns undefined for what was not sealed under this key for this place, everywhere alike */
export function openBatch(
  key32: Uint8Array,
  place: string,
  sealed: Uint8Array,
): { readonly key: string; readonly bytes: Uint8Array } | undefined {
  let plain: Uint8Array;
  try {
    plain = openBytes(key32, sealed, place);
  } catch {
    return undefined;
  }
  const [version, length = 0] = plain;
  if (version !== VERSION || plain.byteLength < HEAD_BYTES + length) return undefined;
  const key = new TextDecoder().decode(plain.subarray(HEAD_BYTES, HEAD_BYTES + length));
  // A copy of its own: records are read as words, from a place that is a multiple of four.
  return { key, bytes: plain.slice(HEAD_BYTES + length) };
}
