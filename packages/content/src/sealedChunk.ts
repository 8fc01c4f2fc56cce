import { openBytes, sealBytes } from '@anarq/crypto';
import { ContentError } from './errors.ts';
import { CHUNK_BYTES } from './unixfs.ts';

/** What sealing adds to a chunk: a nonce of 12 bytes before it, an AES-GCM tag of 16 after it. */
export const SEAL_OVERHEAD_BYTES = 28;
/** Bytes of a sealed chunk, for every chunk of a file but the last. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + SEAL_OVERHEAD_BYTES;

/**
 * Chunks of a file. A key seals one file only, so this also keeps the messages under one key
 * below the 2^32 that NIST SP 800-38D section 8.3 allows for random nonces.
 */
const MAX_CHUNKS = 2 ** 31;
const MAX_FILE_ID_BYTES = 255;
const AAD_LABEL = 'q/content/chunk/v1';

/** How many chunks a file of `totalBytes` has; an empty file has none. */
export function chunkCountOf(totalBytes: number): number {
  if (!Number.isSafeInteger(totalBytes) || totalBytes < 0) {
    throw new ContentError('ARGUMENT_INVALID', 'totalBytes must be a whole number from 0.');
  }
  const count = Math.ceil(totalBytes / CHUNK_BYTES);
  if (count > MAX_CHUNKS) {
    throw new ContentError('TOO_LARGE', `A file has at most ${MAX_CHUNKS} chunks.`);
  }
  return count;
}

/** Plain bytes of chunk `index` (from 0) of a file of `totalBytes`: full for all but the last. */
export function chunkBytesOf(totalBytes: number, index: number): number {
  return Math.min(CHUNK_BYTES, totalBytes - index * CHUNK_BYTES);
}

/** Length of the sealed form of a file of `totalBytes`: one frame a chunk, each 28 bytes longer. */
export function sealedBytesOf(totalBytes: number): number {
  return totalBytes + chunkCountOf(totalBytes) * SEAL_OVERHEAD_BYTES;
}

/**
 * Seals one chunk (0 to 1 MiB) of the file `fileId` (1 to 255 bytes of UTF-8) with the file's own
 * 32-byte key. Returns nonce12 || ciphertext || tag16. AES-256-GCM; the file, the index and the
 * length are authenticated, so that a chunk opens only in its own place. Each call draws a new
 * nonce: sealing the same part again never reuses one, and gives other bytes.
 * Throws ContentError('ARGUMENT_INVALID' | 'TOO_LARGE').
 */
export function sealChunk(options: {
  key32: Uint8Array;
  fileId: string;
  index: number;
  plain: Uint8Array;
}): Uint8Array {
  const { key32, fileId, index, plain } = options;
  if (plain.length > CHUNK_BYTES) {
    throw new ContentError(
      'TOO_LARGE',
      `A chunk has at most ${CHUNK_BYTES} bytes; got ${plain.length}.`,
    );
  }
  return sealBytes(key32, plain, chunkAad(fileId, index, plain.length));
}

/**
 * Opens what `sealChunk` made for the same key, file and index. Throws
 * ContentError('SEAL_BROKEN') when key, file, index, length or any byte differs.
 */
export function openChunk(options: {
  key32: Uint8Array;
  fileId: string;
  index: number;
  sealed: Uint8Array;
}): Uint8Array {
  const { key32, fileId, index, sealed } = options;
  const plainBytes = sealed.length - SEAL_OVERHEAD_BYTES;
  if (plainBytes < 0 || plainBytes > CHUNK_BYTES) throw sealBroken(index);
  const aad = chunkAad(fileId, index, plainBytes);
  try {
    return openBytes(key32, sealed, aad);
  } catch (error) {
    throw sealBroken(index, error);
  }
}

function sealBroken(index: number, cause?: unknown): ContentError {
  return new ContentError(
    'SEAL_BROKEN',
    `Chunk ${index} does not open: other key, file or position, or its bytes were changed.`,
    { cause },
  );
}

/** label || 0 || u16 length of fileId || fileId || u64 index || u32 plain length; big-endian. */
function chunkAad(fileId: string, index: number, plainBytes: number): Uint8Array {
  const id = Buffer.from(fileId, 'utf8');
  if (id.length < 1 || id.length > MAX_FILE_ID_BYTES || !fileId.isWellFormed()) {
    throw new ContentError('ARGUMENT_INVALID', 'fileId must be 1 to 255 bytes of UTF-8.');
  }
  if (!Number.isSafeInteger(index) || index < 0 || index >= MAX_CHUNKS) {
    throw new ContentError('ARGUMENT_INVALID', `index must be 0 to ${MAX_CHUNKS - 1}.`);
  }
  const numbers = Buffer.alloc(14);
  numbers.writeUInt16BE(id.length, 0);
  numbers.writeBigUInt64BE(BigInt(index), 2);
  numbers.writeUInt32BE(plainBytes, 10);
  return Buffer.concat([
    Buffer.from(`${AAD_LABEL}\0`),
    numbers.subarray(0, 2),
    id,
    numbers.subarray(2),
  ]);
}
