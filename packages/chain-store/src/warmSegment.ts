import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecords, SegmentIndex } from '@anarq/chain-archive';
import { SegmentDamaged } from './damage.ts';
import { SegmentFacts } from './facts.ts';
import { warmName, type Probe } from './files.ts';
import {
  checkHead,
  FILE_HEAD_BYTES,
  hasFrameBehind,
  inFile,
  packFrame,
  readFrame,
  writeHead,
} from './frames.ts';
import type { Segment } from './segment.ts';
import { LEVELS } from './settings.ts';
import { WitnessFile } from './witnessFile.ts';

interface WarmOrder {
  readonly folder: string;
  readonly number: number;
  readonly chainId: Uint8Array;
}

/** A segment as it is written: appended to, frame by frame, with its index in memory. */
export class WarmSegment implements Segment {
  readonly layer = 'warm';
  readonly first: number;
  readonly last: number;
  readonly path: string;
  readonly facts = new SegmentFacts();
  readonly witnesses: WitnessFile;
  readonly #handle: FileHandle;
  readonly #index: SegmentIndex;
  readonly #offsets: number[] = [];
  #end: number;
  #rawBytes = 0;

  private constructor(order: WarmOrder, handle: FileHandle, witnesses: WitnessFile) {
    this.first = order.number;
    this.last = order.number;
    this.path = join(order.folder, warmName(order.number));
    this.#handle = handle;
    this.#index = new SegmentIndex(order.chainId);
    this.#end = FILE_HEAD_BYTES;
    this.witnesses = witnesses;
  }

  /** A new one, with nothing in it. */
  static async create(order: WarmOrder, probe: Probe): Promise<WarmSegment> {
    const { folder, number, chainId } = order;
    const name = warmName(number);
    // Its witnesses first: where there is a segment, there is a file for them.
    const witnesses = await WitnessFile.create(order, probe);
    try {
      await writeHead(folder, name, chainId, probe);
      const handle = await open(join(folder, name), 'r+');
      return new WarmSegment(order, handle, witnesses);
    } catch (error) {
      await witnesses.close();
      throw error;
    }
  }

  /**
   * One that is there.
   * @param isLast whether it was written last: then its end may be torn, and what is torn off it goes
   * @throws SegmentDamaged
   */
  static async open(order: WarmOrder, isLast: boolean): Promise<WarmSegment> {
    const path = join(order.folder, warmName(order.number));
    const handle = await open(path, 'r+');
    let witnesses: WitnessFile | undefined;
    try {
      await checkHead(handle, path, order.chainId);
      witnesses = await WitnessFile.open(order);
      const segment = new WarmSegment(order, handle, witnesses);
      await segment.#read(isLast);
      return segment;
    } catch (error) {
      await witnesses?.close();
      await handle.close();
      throw error;
    }
  }

  get isCertified(): boolean {
    return this.facts.uncertified.size === 0;
  }

  get bytes(): number {
    return this.#end;
  }

  /** Bytes before they were packed. */
  get rawBytes(): number {
    return this.#rawBytes;
  }

  get blocks(): number {
    return this.#offsets.length;
  }

  /** Its index is in memory: what it says is certain. */
  mayHave(key: string): boolean {
    return this.#index.rowsOfId(key).length > 0 || this.#index.rowsOfAccount(key).length > 0;
  }

  partOf(): number {
    return this.first;
  }

  offsetOf(block: number): number {
    return this.#offsets[block] ?? 0;
  }

  index(): Promise<SegmentIndex> {
    return Promise.resolve(this.#index);
  }

  async block(number: number): Promise<Uint8Array> {
    const offset = this.#offsets[number];
    if (offset === undefined)
      throw new SegmentDamaged(this.path, this.#end, `there is no block ${number}`);
    return (await readFrame(this.#handle, this.path, offset)).raw;
  }

  /**
   * Appends blocks of records, the last of which ends with a checkpoint or a certificate, and their witnesses.
   * They are safe when it answers.
   */
  async append(blocks: readonly Uint8Array[], witnesses: Uint8Array, probe: Probe): Promise<void> {
    if (witnesses.length > 0) await this.witnesses.append(witnesses);
    probe(`${warmName(this.first)}: before an append`);
    const frames = await Promise.all(blocks.map((raw) => packFrame(raw, LEVELS.warm)));
    let at = this.#end;
    const offsets = frames.map((frame) => (at += frame.length) - frame.length);
    const bytes = Buffer.concat(frames);
    await this.#handle.write(bytes, 0, bytes.length, this.#end);
    probe(`${warmName(this.first)}: before a sync`);
    await this.#handle.datasync();
    this.#end = at;
    for (const [each, raw] of blocks.entries()) this.#take(raw, offsets[each] ?? 0);
  }

  async close(): Promise<void> {
    await this.witnesses.close();
    await this.#handle.close();
  }

  #take(raw: Uint8Array, offset: number): boolean {
    const number = this.#offsets.push(offset) - 1;
    this.#rawBytes += raw.length;
    let isWhole = false;
    inFile(this.path, offset, () => {
      this.#index.add(number, raw);
      for (const { record } of readRecords(raw)) {
        this.facts.take(record);
        isWhole = record.kind !== 'entry';
      }
    });
    return isWhole;
  }

  async #read(isLast: boolean): Promise<void> {
    const { size } = await this.#handle.stat();
    // What ends behind the last checkpoint or certificate was not answered to anybody.
    let whole = { end: FILE_HEAD_BYTES, blocks: 0, rawBytes: 0 };
    let at = FILE_HEAD_BYTES;
    while (at < size) {
      const frame = await this.#frameAt(at, isLast);
      if (frame === undefined) break;
      const isWhole = this.#take(frame.raw, at);
      at = frame.end;
      if (isWhole) whole = { end: at, blocks: this.#offsets.length, rawBytes: this.#rawBytes };
    }
    this.#end = whole.end;
    this.#offsets.length = whole.blocks;
    this.#rawBytes = whole.rawBytes;
    this.#index.forgetOpen();
    if (whole.end === size) return;
    if (!isLast)
      throw new SegmentDamaged(this.path, whole.end, 'it ends in the middle of a checkpoint');
    await this.#handle.truncate(whole.end);
    await this.#handle.sync();
  }

  /** The frame at a place; undefined where the end of the file is torn there. @throws SegmentDamaged */
  async #frameAt(
    at: number,
    isLast: boolean,
  ): Promise<{ readonly raw: Buffer; readonly end: number } | undefined> {
    try {
      return await readFrame(this.#handle, this.path, at);
    } catch (error) {
      const isTorn =
        error instanceof SegmentDamaged &&
        isLast &&
        !(await hasFrameBehind(this.#handle, this.path, at));
      if (isTorn) return undefined;
      throw error;
    }
  }
}
