import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BlockStore,
  type ChunkRef,
  CHUNK_BYTES,
  openBlockStore,
  sealChunk,
  type SealedFile,
} from '../src/index.ts';

/** Runs `use` with a new empty folder, and removes it afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'q-content-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `bytes` bytes that differ everywhere, made from a counter and not from chance. */
export function patternBytes(bytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed >>> 0;
  for (let i = 0; i < words.length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, bytes);
}

/** The code of what a promise is refused with, or 'resolved'. */
export async function codeOf(attempt: Promise<unknown>): Promise<unknown> {
  try {
    await attempt;
    return 'resolved';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

export async function* streamOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

export type StoredFile = SealedFile & {
  blocks: BlockStore;
  key32: Uint8Array;
  fileId: string;
  refs: ChunkRef[];
};

/** Seals `plain` chunk by chunk into a block store in `folder`. */
export async function storeFile(
  folder: string,
  plain: Uint8Array,
  fileId = 'file-1',
): Promise<StoredFile> {
  const blocks = await openBlockStore({ folder });
  const key32 = randomBytes(32);
  const refs: ChunkRef[] = [];
  for (let index = 0; index * CHUNK_BYTES < plain.length; index += 1) {
    const chunk = plain.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    const { cid } = await blocks.put(sealChunk({ key32, fileId, index, plain: chunk }));
    refs.push({ cid, bytes: chunk.length });
  }
  const chunks = (index: number): ChunkRef => {
    const ref = refs[index];
    if (ref === undefined) throw new Error(`no chunk ${index}`);
    return ref;
  };
  return { blocks, key32, fileId, refs, chunks, totalBytes: plain.length };
}
