import { closeSync, openSync, readSync, fstatSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, zstdCompress, zstdDecompressSync } from 'node:zlib';

const compress = promisify(zstdCompress);

/** What is packed at a time: a page is read by unpacking no more than this. */
const BLOCK_BYTES = 256 << 10;
/** Offset and length of each block, their number, and a checksum of all that, at the end. */
const ENTRY_BYTES = 16;
const TRAILER_BYTES = 8;
/** Blocks of one segment that are kept unpacked. */
const UNPACKED_MAX = 8;

export const archivePath = (folder: string, number: number): string =>
  join(folder, `log-${String(number).padStart(8, '0')}.zst`);

/** Where a block lies in the file, in bytes. */
interface Block {
  readonly offset: number;
  readonly length: number;
}

/** A segment packed with zstd (RFC 8878), in blocks that are unpacked one by one. */
export class Archive {
  readonly #path: string;
  readonly #file: number;
  readonly #blocks: readonly Block[];
  /** Blocks that were unpacked lately, the latest last. */
  readonly #unpacked = new Map<number, Buffer>();

  /** @throws Error where the file is damaged */
  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    try {
      this.#blocks = this.#readTable();
    } catch (error) {
      // Whoever reads on comes here again, and would leave a file open each time.
      closeSync(this.#file);
      throw error;
    }
  }

  #readTable(): Block[] {
    const path = this.#path;
    const { size } = fstatSync(this.#file);
    const trailer = this.#bytes(size - TRAILER_BYTES, TRAILER_BYTES);
    const count = trailer.readUInt32LE(0);
    if (count === 0 || count * ENTRY_BYTES > size) throw new Error(`${path} is damaged`);
    const table = this.#bytes(size - TRAILER_BYTES - count * ENTRY_BYTES, count * ENTRY_BYTES);
    if (crc32(table) !== trailer.readUInt32LE(4)) throw new Error(`${path} is damaged`);
    return Array.from({ length: count }, (_, index) => ({
      offset: Number(table.readBigUInt64LE(index * ENTRY_BYTES)),
      length: Number(table.readBigUInt64LE(index * ENTRY_BYTES + 8)),
    }));
  }

  /** Packs a file beside it. The name is that of a whole file, or not there. */
  static async pack(from: string, to: string): Promise<void> {
    await using raw = await open(from, 'r');
    const handle = await open(`${to}.half`, 'w', 0o600);
    try {
      const blocks: number[] = [];
      const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
      let offset = 0;
      // Block by block: whoever waits for an answer meanwhile waits for one block at most.
      const { size } = await raw.stat();
      for (let at = 0; at < size; at += BLOCK_BYTES) {
        const length = Math.min(BLOCK_BYTES, size - at);
        const { bytesRead } = await raw.read(block, 0, length, at);
        if (bytesRead !== length) throw new Error(`${from} ends before it did`);
        const packed = await compress(block.subarray(0, length), { chunkSize: BLOCK_BYTES });
        await handle.writeFile(packed);
        blocks.push(offset, packed.byteLength);
        offset += packed.byteLength;
      }
      const table = Buffer.alloc(blocks.length * 8);
      blocks.forEach((value, index) => table.writeBigUInt64LE(BigInt(value), index * 8));
      const trailer = Buffer.alloc(TRAILER_BYTES);
      trailer.writeUInt32LE(blocks.length / 2, 0);
      trailer.writeUInt32LE(crc32(table), 4);
      await handle.writeFile(Buffer.concat([table, trailer]));
      await handle.sync();
    } catch (error) {
      await rm(`${to}.half`, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await rename(`${to}.half`, to);
  }

  static removeRaw = (path: string): Promise<void> => rm(path, { force: true });

  /** Bytes of the segment, within one block. */
  read(at: number, length: number): Buffer {
    const number = Math.floor(at / BLOCK_BYTES);
    const from = at % BLOCK_BYTES;
    return this.#blockOf(number).subarray(from, from + length);
  }

  #blockOf(number: number): Buffer {
    const kept = this.#unpacked.get(number);
    this.#unpacked.delete(number);
    const entry = this.#blocks[number];
    if (entry === undefined) throw new Error(`${this.#path} ends before this page`);
    const block = kept ?? this.#unpack(entry);
    this.#unpacked.set(number, block);
    const [oldest] = this.#unpacked.keys();
    if (this.#unpacked.size > UNPACKED_MAX && oldest !== undefined) this.#unpacked.delete(oldest);
    return block;
  }

  #unpack({ offset, length }: Block): Buffer {
    try {
      return zstdDecompressSync(this.#bytes(offset, length), { maxOutputLength: BLOCK_BYTES });
    } catch (error) {
      throw new Error(`${this.#path} is damaged: a block cannot be unpacked`, { cause: error });
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(at: number, length: number): Buffer {
    const into = Buffer.alloc(Math.max(0, length));
    readSync(this.#file, into, 0, into.byteLength, Math.max(0, at));
    return into;
  }
}
