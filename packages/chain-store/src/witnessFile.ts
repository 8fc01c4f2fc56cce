import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { SegmentDamaged } from './damage.ts';
import { witnessName, type Probe } from './files.ts';
import { bytesAt, checkHead, FILE_HEAD_BYTES, writeHead } from './frames.ts';

/** Length and checksum before a signature. */
const HEAD_BYTES = 8;
const SIGNATURE_BYTES_MAX = 4_627;

/** One signature as it stands in a file of witnesses. They do not compress, so nothing is packed here. */
export function witnessBytes(signature: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(signature.length, 0);
  head.writeUInt32BE(crc32(signature), 4);
  return Buffer.concat([head, signature]);
}

/** The signatures of one segment's entries: a file of its own, which goes when nobody needs them any more. */
export class WitnessFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #end: number;

  private constructor(path: string, handle: FileHandle, end: number) {
    this.path = path;
    this.#handle = handle;
    this.#end = end;
  }

  static async create(
    order: { readonly folder: string; readonly number: number; readonly chainId: Uint8Array },
    probe: Probe,
  ): Promise<WitnessFile> {
    await writeHead(order.folder, witnessName(order.number), order.chainId, probe);
    return WitnessFile.open(order);
  }

  /** @throws SegmentDamaged */
  static async open(order: {
    readonly folder: string;
    readonly number: number;
    readonly chainId: Uint8Array;
  }): Promise<WitnessFile> {
    const path = join(order.folder, witnessName(order.number));
    const handle = await open(path, 'r+');
    try {
      await checkHead(handle, path, order.chainId);
      return new WitnessFile(path, handle, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Where the next one begins. What a crash left behind the last one that is named is never read. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - FILE_HEAD_BYTES;
  }

  /** Safe when it answers. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#handle.write(bytes, 0, bytes.length, this.#end);
    await this.#handle.datasync();
    this.#end += bytes.length;
  }

  /** @throws SegmentDamaged */
  async at(offset: number): Promise<Uint8Array> {
    const head = await bytesAt(this.#handle, this.path, offset, HEAD_BYTES);
    const length = head.readUInt32BE(0);
    if (length > SIGNATURE_BYTES_MAX)
      throw new SegmentDamaged(this.path, offset, `no signature has ${length} bytes`);
    const signature = await bytesAt(this.#handle, this.path, offset + HEAD_BYTES, length, offset);
    if (crc32(signature) !== head.readUInt32BE(4))
      throw new SegmentDamaged(this.path, offset, 'the checksum of a signature is another one');
    return signature;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
