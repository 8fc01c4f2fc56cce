import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, crc32, zstdCompress, zstdDecompress } from 'node:zlib';
import { Malformed } from '@anarq/dag';
import { SegmentDamaged } from './damage.ts';
import { takeName, type Probe } from './files.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/**
 * A file of a segment begins with what it is, and is a row of frames: magic, length, length when unpacked,
 * checksum, and bytes packed with zstd (RFC 8878).
 */
const FRAME_MAGIC = 0x51464d31;
const FRAME_HEAD_BYTES = 16;
/** What one frame may unpack to: bounds what a hostile file can ask for. */
const RAW_BYTES_MAX = 1 << 26;
const FILE_MAGIC = Buffer.from('Q-CHAIN1');
export const FILE_HEAD_BYTES = FILE_MAGIC.length + 32 + 4;

export function fileHead(chainId: Uint8Array): Buffer {
  const head = Buffer.alloc(FILE_HEAD_BYTES);
  FILE_MAGIC.copy(head);
  head.set(chainId, FILE_MAGIC.length);
  head.writeUInt32BE(crc32(head.subarray(0, FILE_HEAD_BYTES - 4)), FILE_HEAD_BYTES - 4);
  return head;
}

/** @throws SegmentDamaged where the file is none of this chain */
export async function checkHead(
  handle: FileHandle,
  path: string,
  chainId: Uint8Array,
): Promise<void> {
  const head = await bytesAt(handle, path, 0, FILE_HEAD_BYTES);
  if (head.compare(fileHead(chainId)) === 0) return;
  const is = head.subarray(FILE_MAGIC.length, FILE_MAGIC.length + 32);
  const isHead = head.compare(fileHead(is)) === 0;
  throw new SegmentDamaged(path, 0, isHead ? 'it is of another chain' : 'its beginning is no head');
}

/** A file that has its head and nothing else yet. */
export async function writeHead(
  folder: string,
  name: string,
  chainId: Uint8Array,
  probe: Probe,
): Promise<void> {
  const half = await open(join(folder, `${name}.half`), 'w', 0o600);
  try {
    await half.writeFile(fileHead(chainId));
    await half.sync();
  } finally {
    await half.close();
  }
  await takeName(folder, name, probe);
}

export async function packFrame(raw: Uint8Array, level: number): Promise<Buffer> {
  if (raw.length > RAW_BYTES_MAX)
    throw new RangeError(`a frame holds at most ${RAW_BYTES_MAX} bytes, not ${raw.length}`);
  const packed = await compress(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // By it a high level takes no more memory than so many bytes need.
    pledgedSrcSize: raw.length,
  });
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUInt32BE(FRAME_MAGIC, 0);
  head.writeUInt32BE(packed.length, 4);
  head.writeUInt32BE(raw.length, 8);
  head.writeUInt32BE(crc32(packed), 12);
  return Buffer.concat([head, packed]);
}

/** The frame that begins at a place. @throws SegmentDamaged */
export async function readFrame(
  handle: FileHandle,
  path: string,
  offset: number,
): Promise<{ readonly raw: Buffer; readonly end: number }> {
  const no = (what: string): never => {
    throw new SegmentDamaged(path, offset, what);
  };
  const head = await bytesAt(handle, path, offset, FRAME_HEAD_BYTES);
  if (head.readUInt32BE(0) !== FRAME_MAGIC) no('no frame begins here');
  const length = head.readUInt32BE(4);
  const rawLength = head.readUInt32BE(8);
  if (length > RAW_BYTES_MAX || rawLength > RAW_BYTES_MAX)
    no(`a frame of ${Math.max(length, rawLength)} bytes is longer than any`);
  const packed = await bytesAt(handle, path, offset + FRAME_HEAD_BYTES, length, offset);
  if (crc32(packed) !== head.readUInt32BE(12)) no('the checksum of a frame is another one');
  const raw = await decompress(packed, { maxOutputLength: Math.max(1, rawLength) }).catch(() =>
    no('a frame does not unpack'),
  );
  if (raw.length !== rawLength) no('a frame unpacks to another length');
  return { raw, end: offset + FRAME_HEAD_BYTES + length };
}

/** Whether a whole frame stands anywhere behind a place: then what is broken there is no torn end. */
export async function hasFrameBehind(
  handle: FileHandle,
  path: string,
  offset: number,
): Promise<boolean> {
  const { size } = await handle.stat();
  const magic = Buffer.alloc(4);
  magic.writeUInt32BE(FRAME_MAGIC);
  const step = 1 << 20;
  for (let from = offset + 1; from < size; from += step) {
    const bytes = Buffer.alloc(Math.min(step + 3, size - from));
    await handle.read(bytes, 0, bytes.length, from);
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1))
      if (await isFrame(handle, path, from + at)) return true;
  }
  return false;
}

async function isFrame(handle: FileHandle, path: string, offset: number): Promise<boolean> {
  try {
    await readFrame(handle, path, offset);
    return true;
  } catch (error) {
    if (error instanceof SegmentDamaged) return false;
    throw error;
  }
}

/** @throws SegmentDamaged where the file ends before */
export async function bytesAt(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
  of = offset,
): Promise<Buffer> {
  const { size } = await handle.stat();
  if (offset < 0 || offset + length > size)
    throw new SegmentDamaged(path, of, `the file ends at byte ${size}, before what begins here`);
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await handle.read(bytes, 0, length, offset);
  if (bytesRead !== length) throw new SegmentDamaged(path, of, 'the file ends here');
  return bytes;
}

/** What reads bytes of a file: what does not read there is damage of it, with its place. */
export function inFile<T>(path: string, offset: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) throw new SegmentDamaged(path, offset, error.message);
    throw error;
  }
}
