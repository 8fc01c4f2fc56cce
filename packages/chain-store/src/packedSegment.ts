import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BloomFilter, encodeRecord, SegmentIndex, type StoredRecord } from '@anarq/chain-archive';
import { Reader, Writer } from '@anarq/dag';
import { SegmentDamaged } from './damage.ts';
import { SegmentFacts } from './facts.ts';
import { takeName, type Probe } from './files.ts';
import { bytesAt, checkHead, fileHead, inFile, packFrame, readFrame } from './frames.ts';
import type { Segment } from './segment.ts';

/** Which checkpoints came from which segment: there lie their witnesses. */
export interface Part {
  readonly number: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface PackOrder {
  readonly folder: string;
  readonly name: string;
  readonly chainId: Uint8Array;
  readonly level: number;
  /** So many bytes are packed together: what one question unpacks. */
  readonly blockBytes: number;
  readonly parts: readonly Part[];
  readonly records: AsyncIterable<StoredRecord>;
  readonly bloomBitsPerKey: number;
  /** 32 bits that nobody can guess. */
  readonly bloomSeed: number;
  readonly probe: Probe;
}

const FOOTER_BYTES = 16;
const FOOTER_MAGIC = 0x51454e44;
const PARTS_MAX = 1 << 16;
const BLOCKS_MAX = 1 << 20;

/** Writes a packed segment: blocks, index, and a head that says what it holds. It is safe when it answers. */
export async function writePacked(order: PackOrder): Promise<void> {
  const { folder, name, chainId, level, parts, probe } = order;
  const handle = await open(join(folder, `${name}.half`), 'w', 0o600);
  try {
    const index = new SegmentIndex(chainId);
    const facts = new SegmentFacts();
    const offsets: number[] = [];
    let at = 0;
    const write = async (bytes: Buffer): Promise<number> => {
      await handle.write(bytes, 0, bytes.length, at);
      at += bytes.length;
      return at - bytes.length;
    };
    await write(fileHead(chainId));
    for await (const raw of blocksOf(order.records, order.blockBytes, facts)) {
      index.add(offsets.length, raw);
      offsets.push(await write(await packFrame(raw, level)));
      probe(`${name}: behind a block`);
    }
    const indexAt = await write(await packFrame(index.encode(), level));
    const filter = BloomFilter.for(index.keys, order.bloomBitsPerKey, order.bloomSeed);
    for (const id of index.ids) filter.add(id);
    for (const account of index.accounts) filter.add(account);
    const head = headBytes({ parts, facts, offsets, indexAt, filter });
    const headAt = await write(await packFrame(head, level));
    await write(footerOf(headAt));
    probe(`${name}: before its sync`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await takeName(folder, name, probe);
}

async function* blocksOf(
  records: AsyncIterable<StoredRecord>,
  bytes_max: number,
  facts: SegmentFacts,
): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const record of records) {
    facts.take(record);
    const encoded = encodeRecord(record);
    waiting.push(encoded);
    bytes += encoded.length;
    if (bytes < bytes_max) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (waiting.length > 0) yield Buffer.concat(waiting);
}

function headBytes(of: {
  readonly parts: readonly Part[];
  readonly facts: SegmentFacts;
  readonly offsets: readonly number[];
  readonly indexAt: number;
  readonly filter: BloomFilter;
}): Uint8Array {
  const writer = new Writer().u32(of.parts.length);
  for (const { number, firstSeq, lastSeq } of of.parts)
    writer.u32(number).u32(firstSeq).u32(lastSeq);
  of.facts.write(writer);
  writer.u32(of.offsets.length);
  for (const offset of of.offsets) writer.u64(BigInt(offset));
  return writer.u64(BigInt(of.indexAt)).raw(of.filter.encode()).done();
}

function footerOf(headAt: number): Buffer {
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeBigUInt64BE(BigInt(headAt), 0);
  footer.writeUInt32BE(crc32(footer.subarray(0, 8)), 8);
  footer.writeUInt32BE(FOOTER_MAGIC, 12);
  return footer;
}

interface Head {
  readonly parts: readonly Part[];
  readonly facts: SegmentFacts;
  readonly isCertified: boolean;
  readonly offsets: readonly number[];
  readonly indexAt: number;
  readonly filter: BloomFilter;
}

/** @throws Malformed */
function readHead(bytes: Uint8Array): Head {
  const reader = new Reader(bytes);
  const parts = Array.from({ length: reader.count(PARTS_MAX) }, () => ({
    number: reader.u32(),
    firstSeq: reader.u32(),
    lastSeq: reader.u32(),
  }));
  const { facts, isCertified } = SegmentFacts.read(reader);
  const offsets = Array.from({ length: reader.count(BLOCKS_MAX) }, () => Number(reader.u64()));
  const indexAt = Number(reader.u64());
  const filter = BloomFilter.read(reader);
  reader.end();
  return { parts, facts, isCertified, offsets, indexAt, filter };
}

/** A segment that is written for good, of the cold layer or of the archive. */
export class PackedSegment implements Segment {
  readonly layer: 'cold' | 'archive';
  readonly path: string;
  readonly bytes: number;
  readonly parts: readonly Part[];
  readonly #chainId: Uint8Array;
  readonly #handle: FileHandle;
  readonly #head: Head;

  private constructor(
    layer: 'cold' | 'archive',
    path: string,
    chainId: Uint8Array,
    opened: { readonly handle: FileHandle; readonly bytes: number; readonly head: Head },
  ) {
    this.layer = layer;
    this.path = path;
    this.bytes = opened.bytes;
    this.#chainId = chainId;
    this.#handle = opened.handle;
    this.#head = opened.head;
    this.parts = opened.head.parts;
  }

  /** @throws SegmentDamaged */
  static async open(
    layer: 'cold' | 'archive',
    path: string,
    chainId: Uint8Array,
  ): Promise<PackedSegment> {
    const handle = await open(path, 'r');
    try {
      await checkHead(handle, path, chainId);
      const { size } = await handle.stat();
      const footer = await bytesAt(handle, path, size - FOOTER_BYTES, FOOTER_BYTES);
      const headAt = Number(footer.readBigUInt64BE(0));
      if (footer.compare(footerOf(headAt)) !== 0)
        throw new SegmentDamaged(path, size - FOOTER_BYTES, 'its end is no footer');
      const { raw } = await readFrame(handle, path, headAt);
      const head = inFile(path, headAt, () => readHead(raw));
      return new PackedSegment(layer, path, chainId, { handle, bytes: size, head });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get first(): number {
    return this.parts[0]?.number ?? 0;
  }

  get last(): number {
    return this.parts.at(-1)?.number ?? 0;
  }

  get facts(): SegmentFacts {
    return this.#head.facts;
  }

  get isCertified(): boolean {
    return this.#head.isCertified;
  }

  get blocks(): number {
    return this.#head.offsets.length;
  }

  mayHave(key: string): boolean {
    return this.#head.filter.mayHave(key);
  }

  partOf(seq: number): number {
    return this.parts.find(({ lastSeq }) => seq <= lastSeq)?.number ?? this.last;
  }

  offsetOf(block: number): number {
    return this.#head.offsets[block] ?? 0;
  }

  async index(): Promise<SegmentIndex> {
    const { indexAt } = this.#head;
    const { raw } = await readFrame(this.#handle, this.path, indexAt);
    return inFile(this.path, indexAt, () => SegmentIndex.decode(this.#chainId, raw));
  }

  async block(number: number): Promise<Uint8Array> {
    const offset = this.#head.offsets[number];
    if (offset === undefined)
      throw new SegmentDamaged(this.path, this.bytes, `there is no block ${number}`);
    return (await readFrame(this.#handle, this.path, offset)).raw;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
