import { createHmac, hkdfSync } from 'node:crypto';
import { CryptoError } from './errors.ts';

const HASH_LENGTH = 32;
/** RFC 5869 counts the blocks of its output in one byte. */
const OUTPUT_LENGTH_MAX = 255 * HASH_LENGTH;

/**
 * HKDF-SHA256, extract and expand (RFC 5869). Throws `MALFORMED` above 8,160 bytes of output or
 * 1,024 bytes of `info`.
 */
export function hkdfSha256(
  secret: Uint8Array,
  salt: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  try {
    return new Uint8Array(hkdfSync('sha256', secret, salt, info, length));
  } catch (cause) {
    const limits = `${OUTPUT_LENGTH_MAX} bytes from 1,024 bytes of info`;
    throw new CryptoError('MALFORMED', `hkdf-sha256 gives at most ${limits}`, { cause });
  }
}

/**
 * HKDF-Expand with SHA-256 (RFC 5869, 2.3) from a key that is uniformly random already, as those of
 * SLIP-10 are. Throws `MALFORMED` above 8,160 bytes.
 */
export function hkdfExpandSha256(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > OUTPUT_LENGTH_MAX) {
    throw new CryptoError('MALFORMED', `hkdf-sha256 gives ${OUTPUT_LENGTH_MAX} bytes at most`);
  }
  const output = new Uint8Array(length);
  let block = new Uint8Array(0);
  for (let offset = 0, counter = 1; offset < length; offset += HASH_LENGTH, counter++) {
    const mac = createHmac('sha256', key).update(block).update(info);
    block = new Uint8Array(mac.update(Uint8Array.of(counter)).digest());
    output.set(block.subarray(0, Math.min(HASH_LENGTH, length - offset)), offset);
  }
  return output;
}
