import { randomBytes, sha256, utf8 } from '@anarq/crypto';

/**
 * A time-ordered id, UUID version 7 (RFC 9562 section 5.7), in hex without hyphens, behind a prefix
 * that says of what: 'listing_0197…'.
 */
export const timeOrderedId = (prefix: string, now_ms: number): string =>
  uuidV7(prefix, now_ms, randomBytes(10));

/** The same form, its random part derived from a seed that is itself random. */
export const derivedId = (prefix: string, now_ms: number, seed: string): string =>
  uuidV7(prefix, now_ms, sha256(utf8(seed)).subarray(0, 10));

function uuidV7(prefix: string, now_ms: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(now_ms) << 16n);
  bytes.set(random, 6);
  const [, , , , , , sixth = 0, , eighth = 0] = bytes;
  bytes[6] = 0x70 | (sixth & 0x0f);
  bytes[8] = 0x80 | (eighth & 0x3f);
  return `${prefix}_${bytes.toHex()}`;
}

let last = { at_ms: Number.NaN, text: '' };

/** An instant as RFC 3339 has it, in UTC with milliseconds. Calls ask for the same one again and again. */
export function instantOf(at_ms: number): string {
  if (last.at_ms !== at_ms) last = { at_ms, text: new Date(at_ms).toISOString() };
  return last.text;
}
