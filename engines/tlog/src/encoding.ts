import { malformed } from './errors.ts';

/**
 * Reads standard Base 64 (RFC 4648, section 4), padded and canonical: exactly one text decodes to given bytes.
 * Throws TLOG_MALFORMED; `what` names the thing in the message.
 */
export function fromBase64(text: string, what: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
  } catch {
    return malformed(`${what} is not standard base64`);
  }
  // The decoder skips white space; a text with some is refused here.
  if (bytes.toBase64() !== text) malformed(`${what} is not canonical base64`);
  return bytes;
}

/** Reads an ASCII decimal without leading zeroes, at most 2^53 - 1. Throws TLOG_MALFORMED. */
export function fromDecimal(text: string, what: string): number {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) {
    malformed(`${what} is not a decimal without leading zeroes`);
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) malformed(`${what} is above 2^53 - 1`);
  return value;
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Big-endian bytes of an unsigned 64-bit integer. */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** One byte string made of several. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
