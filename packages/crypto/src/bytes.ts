import { hash, randomBytes as nodeRandomBytes, timingSafeEqual } from 'node:crypto';
import { CryptoError } from './errors.ts';

const RANDOM_BYTES_MAX = 65_536;

/** Bytes as base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * The bytes of a base64url text without padding. One text stands for one value: anything but the
 * canonical encoding (other alphabet, padding, white space, trailing bits) throws `MALFORMED`.
 */
export function fromBase64url(text: string): Uint8Array {
  const decoded = Buffer.from(text, 'base64url');
  // Node decodes leniently; encoding again is what finds every leniency at once.
  if (decoded.toString('base64url') !== text) {
    throw new CryptoError('MALFORMED', 'expected canonical base64url without padding');
  }
  return copyBytes(decoded);
}

/** SHA-256 (FIPS 180-4): 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return copyBytes(hash('sha256', bytes, 'buffer'));
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** SHA-256 of a text's UTF-8 bytes, in hexadecimal. A lone surrogate throws `MALFORMED`, as in `utf8`. */
export function sha256HexOfText(text: string): string {
  assertWellFormed(text);
  return hash('sha256', text, 'hex');
}

/** Up to 65,536 bytes from the system's generator. */
export function randomBytes(length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > RANDOM_BYTES_MAX) {
    throw new CryptoError('MALFORMED', `expected a length from 0 to ${RANDOM_BYTES_MAX} bytes`);
  }
  if (length > POOLED_BYTES_MAX) return copyBytes(nodeRandomBytes(length));
  if (pool === undefined || pooled + length > pool.byteLength) {
    pool = nodeRandomBytes(POOL_BYTES);
    pooled = 0;
  }
  const taken = copyBytes(pool.subarray(pooled, pooled + length));
  // What was given out is not kept: no byte is given twice, nor read from here later.
  pool.fill(0, pooled, pooled + length);
  pooled += length;
  return taken;
}

/** Asking the system costs as much for four kilobytes as for twelve bytes. */
const POOL_BYTES = 4_096;
const POOLED_BYTES_MAX = 64;
let pool: Buffer | undefined;
let pooled = 0;

/** Whether two byte strings are equal, in a time that depends on their lengths only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** UTF-8 bytes of a text. A lone surrogate throws `MALFORMED`, so that two texts never agree. */
export function utf8(text: string): Uint8Array {
  assertWellFormed(text);
  return copyBytes(Buffer.from(text, 'utf8'));
}

function assertWellFormed(text: string): void {
  if (text.isWellFormed()) return;
  throw new CryptoError('MALFORMED', 'expected well-formed Unicode, got a lone surrogate');
}

/** The parts, one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.byteLength;
  }
  return joined;
}

/**
 * Each part behind its length (4 bytes, big-endian): no two different lists of parts give the same
 * bytes. Texts are taken as UTF-8. Throws `MALFORMED` on a part of 4 GiB or more.
 */
export function lengthPrefixed(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  let total = 0;
  for (const part of parts) total += 4 + lengthOf(part);
  // Every byte of it is written below.
  const joined = Buffer.allocUnsafeSlow(total);
  let offset = 0;
  for (const part of parts) {
    const start = offset + 4;
    if (typeof part === 'string') offset = start + joined.write(part, start, 'utf8');
    else {
      joined.set(part, start);
      offset = start + part.byteLength;
    }
    joined.writeUInt32BE(offset - start, start - 4);
  }
  return new Uint8Array(joined.buffer, joined.byteOffset, joined.byteLength);
}

function lengthOf(part: Uint8Array | string): number {
  if (typeof part === 'string') assertWellFormed(part);
  const length = typeof part === 'string' ? Buffer.byteLength(part) : part.byteLength;
  if (length > 0xffffffff) throw new CryptoError('MALFORMED', 'expected parts below 4 GiB');
  return length;
}

/** A copy with memory of its own: Node's Buffers share a pool, and are not plain Uint8Arrays. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
