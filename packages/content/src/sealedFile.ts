import type { BlockStore } from './blockStore.ts';
import { ContentError } from './errors.ts';
import { rechunk } from './rechunk.ts';
import {
  chunkBytesOf,
  chunkCountOf,
  openChunk,
  SEAL_OVERHEAD_BYTES,
  SEALED_CHUNK_BYTES,
  sealedBytesOf,
} from './sealedChunk.ts';
import { CHUNK_BYTES } from './unixfs.ts';

/** Where a chunk is: the CID of its sealed block, and the length of its plain bytes. */
export type ChunkRef = { cid: string; bytes: number };

/** A sealed file: its blocks, its length, and a look-up of chunk `index`, from 0. */
export type SealedFile = {
  blocks: Pick<BlockStore, 'get'>;
  chunks: (index: number) => ChunkRef | Promise<ChunkRef>;
  totalBytes: number;
};

/**
 * Plain bytes `start` to `end` (as in slice: end not included) of a sealed file, in pieces of at
 * most 1 MiB, one chunk in memory at a time. Reads only the chunks that the range touches; every
 * chunk is checked whole before any byte of it is yielded.
 * Throws ContentError('RANGE_INVALID' | 'NOT_FOUND' | 'CORRUPT' | 'SEAL_BROKEN').
 */
export async function* readRange(
  options: SealedFile & { key32: Uint8Array; fileId: string; start: number; end: number },
): AsyncGenerator<Uint8Array> {
  const { key32, fileId, start, end, totalBytes } = options;
  checkRange(start, end, totalBytes);
  for (const part of partsOf(start, end, CHUNK_BYTES)) {
    const sealed = await readBlock(options, part.index);
    yield openChunk({ key32, fileId, index: part.index, sealed }).subarray(part.from, part.to);
  }
}

/**
 * The sealed form of a file, for whoever holds its key. It is the chunks in order, one frame each,
 * with nothing between them:
 *
 *     frame = nonce12 || ciphertext || tag16
 *
 * Every frame has 1 048 604 bytes (a chunk of 1 048 576, and 28) but the last, which has the rest;
 * so plain byte `p` is in frame `floor(p / 1048576)`, which begins at 1 048 604 times that. An
 * empty file has no frame. The whole has `sealedBytesOf(totalBytes)` bytes.
 *
 * `start` and `end` (not included) count bytes of this form. Streams as `readRange` does; blocks
 * are checked against their CIDs, and nothing is decrypted.
 * Throws ContentError('RANGE_INVALID' | 'NOT_FOUND' | 'CORRUPT').
 */
export async function* readSealed(
  options: SealedFile & { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  const { start, end, totalBytes } = options;
  checkRange(start, end, sealedBytesOf(totalBytes));
  for (const part of partsOf(start, end, SEALED_CHUNK_BYTES)) {
    const sealed = await readBlock(options, part.index);
    yield sealed.subarray(part.from, part.to);
  }
}

/**
 * Opens the whole sealed form of a file as it arrives, in pieces of any size and in constant
 * memory. Yields each chunk once it is authentic. Only a stream that ends without an error was
 * complete: it throws ContentError('TRUNCATED') when the source ends early, 'TOO_LARGE' when more
 * comes than the file has, 'SEAL_BROKEN' when a frame was changed, moved, or is of another file.
 */
export async function* openSealedStream(options: {
  key32: Uint8Array;
  fileId: string;
  totalBytes: number;
  source: AsyncIterable<Uint8Array>;
}): AsyncGenerator<Uint8Array> {
  const { key32, fileId, totalBytes, source } = options;
  const count = chunkCountOf(totalBytes);
  let index = 0;
  for await (const sealed of rechunk(source, SEALED_CHUNK_BYTES, { reuse: true })) {
    const expected = index < count ? chunkBytesOf(totalBytes, index) + SEAL_OVERHEAD_BYTES : 0;
    if (sealed.length > expected) {
      throw new ContentError('TOO_LARGE', `More came than the ${totalBytes} bytes of the file.`);
    }
    if (sealed.length < expected) throw truncated(index, count);
    yield openChunk({ key32, fileId, index, sealed });
    index += 1;
  }
  if (index < count) throw truncated(index, count);
}

function truncated(index: number, count: number): ContentError {
  return new ContentError('TRUNCATED', `The stream ended in chunk ${index} of ${count}.`);
}

/** Which slice [from, to) of each frame of `frameBytes` the range [start, end) touches. */
function* partsOf(
  start: number,
  end: number,
  frameBytes: number,
): Generator<{ index: number; from: number; to: number }> {
  if (start === end) return;
  const last = Math.floor((end - 1) / frameBytes);
  for (let index = Math.floor(start / frameBytes); index <= last; index += 1) {
    const base = index * frameBytes;
    yield { index, from: Math.max(start - base, 0), to: Math.min(end - base, frameBytes) };
  }
}

async function readBlock(file: SealedFile, index: number): Promise<Uint8Array> {
  const ref = await file.chunks(index);
  const expected = chunkBytesOf(file.totalBytes, index);
  const sealed = await file.blocks.get(ref.cid);
  if (ref.bytes !== expected || sealed.length !== expected + SEAL_OVERHEAD_BYTES) {
    throw new ContentError(
      'CORRUPT',
      `Chunk ${index} should have ${expected} bytes; its entry says ${ref.bytes}, its block holds ${sealed.length - SEAL_OVERHEAD_BYTES}.`,
    );
  }
  return sealed;
}

function checkRange(start: number, end: number, length: number): void {
  const isWhole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isWhole || start < 0 || end < start || end > length) {
    throw new ContentError(
      'RANGE_INVALID',
      `Expected 0 <= start <= end <= ${length}; got ${start} to ${end}.`,
    );
  }
}
