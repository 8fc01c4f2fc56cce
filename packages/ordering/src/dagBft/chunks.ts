import { randomBytes, sha256, utf8 } from '@anarq/crypto';
import { DATA_BYTES_MAX } from '@anarq/dag';

/** A part of a batch, or all of it, as it travels in a transaction. */
export interface Chunk {
  readonly key: string;
  /** Which handing in of the batch it is of, in hex: parts of two are not mixed. */
  readonly id: string;
  readonly index: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

const VERSION = 1;
const SPACE_BYTES = 8;
const ID_BYTES = 8;
const HEAD_BYTES = 1 + SPACE_BYTES;
const KEY_BYTES_MAX = 64;
/** Key with its length, id, index, count, length. */
const CHUNK_HEAD_BYTES_MAX = 1 + KEY_BYTES_MAX + ID_BYTES + 2 + 2 + 4;
/** Bytes of a batch in one part. */
const PART_BYTES_MAX = DATA_BYTES_MAX - HEAD_BYTES - CHUNK_HEAD_BYTES_MAX;
/** Parts of a batch: more than the largest has. */
const PARTS_MAX = 64;

/** Names the ledger in a payload: several may share a chain. */
export const spaceDigest = (space: string): Uint8Array =>
  sha256(utf8(`ordering ${space}`)).subarray(0, SPACE_BYTES);

const chunkBytes = ({ bytes }: Chunk): number => CHUNK_HEAD_BYTES_MAX + bytes.byteLength;

/** The parts of a batch, all of which have to be ordered before it acts. */
export function chunksOf(key: string, bytes: Uint8Array): Chunk[] {
  const id = Buffer.from(randomBytes(ID_BYTES)).toString('hex');
  const count = Math.max(1, Math.ceil(bytes.byteLength / PART_BYTES_MAX));
  return Array.from({ length: count }, (_, index) => {
    const from = index * PART_BYTES_MAX;
    return { key, id, index, count, bytes: bytes.subarray(from, from + PART_BYTES_MAX) };
  });
}

/** How many of these chunks, from the first on, fit one transaction. */
export function fitting(chunks: readonly Chunk[]): number {
  let bytes = HEAD_BYTES;
  let count = 0;
  for (const chunk of chunks) {
    bytes += chunkBytes(chunk);
    if (bytes > DATA_BYTES_MAX) break;
    count++;
  }
  return count;
}

export function encodeChunks(space: Uint8Array, chunks: readonly Chunk[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(VERSION), space];
  for (const { key, id, index, count, bytes } of chunks) {
    const name = utf8(key);
    const head = Buffer.alloc(8);
    head.writeUInt16LE(index, 0);
    head.writeUInt16LE(count, 2);
    head.writeUInt32LE(bytes.byteLength, 4);
    parts.push(Uint8Array.of(name.byteLength), name, Buffer.from(id, 'hex'), head, bytes);
  }
  return Buffer.concat(parts);
}

/** @returns undefined for bytes that are no payload of this ledger, at every node alike */
export function decodeChunks(space: Uint8Array, payload: Uint8Array): Chunk[] | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes[0] !== VERSION || Buffer.compare(bytes.subarray(1, HEAD_BYTES), space) !== 0)
    return undefined;
  const chunks: Chunk[] = [];
  for (let at = HEAD_BYTES; at < bytes.byteLength;) {
    const read = chunkAt(bytes, at);
    if (read === undefined) return undefined;
    chunks.push(read.chunk);
    at = read.end;
  }
  return chunks;
}

function chunkAt(
  bytes: Buffer,
  at: number,
): { readonly chunk: Chunk; readonly end: number } | undefined {
  const nameEnd = at + 1 + (bytes[at] ?? 0);
  const head = nameEnd + ID_BYTES;
  const from = head + 8;
  if (from > bytes.byteLength) return undefined;
  const [index, count] = [bytes.readUInt16LE(head), bytes.readUInt16LE(head + 2)];
  const end = from + bytes.readUInt32LE(head + 4);
  if (end > bytes.byteLength || index >= count || count > PARTS_MAX) return undefined;
  const key = bytes.toString('latin1', at + 1, nameEnd);
  if (!/^[!-~]{1,64}$/.test(key)) return undefined;
  const id = bytes.toString('hex', nameEnd, head);
  return {
    chunk: { key, id, index, count, bytes: Uint8Array.from(bytes.subarray(from, end)) },
    end,
  };
}
