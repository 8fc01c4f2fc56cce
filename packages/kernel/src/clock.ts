import { randomBytes } from '@anarq/crypto';

/** Milliseconds since 1970. The node's own; tests may bring theirs. */
export type Clock = () => number;

/**
 * A time-ordered id, UUID version 7 (RFC 9562 section 5.7), in hex without hyphens, behind a prefix
 * that says of what: 'listing_0197…'.
 */
export function timeOrderedId(prefix: string, now_ms: number): string {
  const bytes = randomBytes(16);
  const time = BigInt(now_ms);
  for (let i = 0; i < 6; i++) bytes[i] = Number((time >> BigInt(8 * (5 - i))) & 0xffn);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return `${prefix}_${Buffer.from(bytes).toString('hex')}`;
}
