import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { blockBytes, blockOf, Malformed, type Block } from '@anarq/dag';
import { QError } from '@anarq/common-schemas';
import type { Disk, DiskFile } from './disk.ts';
import { encodeRecord, readSegment, type LogRecord } from './records.ts';

/** An epoch and a round of it; blocks before are not needed. */
export interface Since {
  readonly epoch: number;
  readonly round: number;
}

/** How far the log is known to be safe. */
export interface Mark {
  readonly segment: number;
  readonly bytes: number;
}

export interface BlockLogOptions {
  readonly folder: string;
  readonly chainId: Uint8Array;
  readonly disk: Disk;
  readonly segment_bytes: number;
  /** How far it was when a beginning was written; undefined where none was. */
  readonly mark: Mark | undefined;
  /** Where the node begins: older blocks are left out. */
  readonly since: Since;
  /** Told once, where a write or a sync fails: nothing can be promised after that. */
  readonly onFailure: (error: unknown) => void;
}

export interface OpenedLog {
  readonly log: BlockLog;
  /** What a start needs, in the order of writing. */
  readonly blocks: readonly Block[];
  /** Those that were made here. */
  readonly own: readonly Block[];
}

interface Segment {
  readonly number: number;
  readonly path: string;
  /** The newest block in it. */
  newest: Since;
}

interface Written {
  readonly kind: 'own' | 'other';
  readonly block: Block;
}

const OLDEST: Since = { epoch: 0, round: 0 };
const isBefore = (a: Since, b: Since): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.round < b.round);
const newer = (a: Since, b: Since): Since => (isBefore(a, b) ? b : a);

/** What waits for the disk is written without a sync from so many bytes on. */
const WRITE_AT_BYTES = 1 << 20;
const segmentName = (number: number): string => `log-${String(number).padStart(8, '0')}`;

/**
 * The blocks that a validator made and took, in the order in which it did. Own ones are safe before anybody hears
 * of them; all that lies before them is safe with them, by one sync for all that wait.
 */
export class BlockLog {
  readonly #options: BlockLogOptions;
  readonly #segments: Segment[] = [];
  #file: DiskFile;
  #written_bytes: number;
  #safe_bytes: number;
  #pending: Written[] = [];
  #pending_bytes = 0;
  #waiting: PromiseWithResolvers<void>[] = [];
  #isWriting = false;
  #failure: { readonly error: unknown } | undefined;
  /** The last own block: it begins every segment, so that it is never deleted. */
  #own: Block | undefined;
  #idle: (() => void)[] = [];

  private constructor(
    options: BlockLogOptions,
    segment: Segment,
    file: DiskFile,
    bytes: number,
    own: Block | undefined,
  ) {
    this.#options = options;
    this.#segments.push(segment);
    this.#file = file;
    this.#written_bytes = bytes;
    this.#safe_bytes = bytes;
    this.#own = own;
  }

  /**
   * Reads what there is, and writes what is needed of it anew: after a sync that failed, what a process reads may
   * lie in memory only.
   * @throws QError FOLDER_UNUSABLE where the disk lost what was safe, naming file and place
   */
  static async open(options: BlockLogOptions): Promise<OpenedLog> {
    const { folder, disk, since } = options;
    for (const name of readdirSync(folder))
      if (name.startsWith('log-') && name.endsWith('.half')) await disk.remove(join(folder, name));
    const numbers = segmentNumbers(folder);
    const all = await readAll(options, numbers);
    const own = all.reduce<Written | undefined>(laterOwn, undefined);
    const needed = all.filter((each) => each === own || !isBefore(each.block, since));
    const number = (numbers.at(-1) ?? 0) + 1;
    const path = join(folder, segmentName(number));
    const file = await disk.create(`${path}.half`);
    const bytes = written(options.chainId, needed);
    await file.write(bytes);
    await file.sync();
    await disk.rename(`${path}.half`, path);
    await disk.syncFolder(folder);
    for (const old of numbers) await disk.remove(join(folder, segmentName(old)));
    const newest = needed.reduce((found, { block }) => newer(found, block), OLDEST);
    const log = new BlockLog(options, { number, path, newest }, file, bytes.length, own?.block);
    const ownBlocks = needed.filter(({ kind }) => kind === 'own').map(({ block }) => block);
    return { log, blocks: needed.map(({ block }) => block), own: ownBlocks };
  }

  /** Bytes that wait for the disk. */
  get pending_bytes(): number {
    return this.#pending_bytes;
  }

  get mark(): Mark {
    return { segment: this.#segments.at(-1)?.number ?? 0, bytes: this.#safe_bytes };
  }

  /** Keeps somebody else's block. It is written soon, and safe with the next own one. */
  keep(block: Block): void {
    this.#add({ kind: 'other', block });
    if (this.#pending_bytes >= WRITE_AT_BYTES) this.#go();
  }

  /**
   * Keeps an own block.
   * @returns once it is safe: only then may it be said
   * @throws whatever the disk fails with; then it must not be said, ever
   */
  seal(block: Block): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    this.#own = block;
    this.#add({ kind: 'own', block });
    return this.safe();
  }

  /** @returns once all that was handed in is safe */
  safe(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    this.#go();
    return waiting.promise;
  }

  /** Deletes the segments, from the oldest on, that have nothing from here on. */
  async forget(since: Since): Promise<void> {
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments;
      if (oldest === undefined || !isBefore(oldest.newest, since)) return;
      await this.#options.disk.remove(oldest.path);
      this.#segments.shift();
    }
  }

  /** Writes what waits, and closes; after a failure it only closes. */
  async close(): Promise<void> {
    if (this.#failure === undefined) await this.safe().catch(() => undefined);
    if (this.#isWriting) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#file.close().catch(() => undefined);
  }

  #add(each: Written): void {
    this.#pending.push(each);
    this.#pending_bytes += blockBytes(each.block).length;
  }

  #go(): void {
    if (this.#isWriting || this.#failure !== undefined) return;
    this.#isWriting = true;
    this.#write()
      .catch((error: unknown) => {
        this.#failure = { error };
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        this.#pending = [];
        this.#pending_bytes = 0;
        this.#options.onFailure(error);
      })
      .finally(() => {
        this.#isWriting = false;
        for (const idle of this.#idle.splice(0)) idle();
        // What came in between the last look and this.
        if (this.#waiting.length > 0) this.#go();
      });
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0 || this.#waiting.length > 0) {
      const waiting = this.#waiting.length;
      await this.#append();
      if (waiting > 0) {
        await this.#file.sync();
        this.#safe_bytes = this.#written_bytes;
      }
      for (const { resolve } of this.#waiting.splice(0, waiting)) resolve();
      if (this.#written_bytes >= this.#options.segment_bytes) await this.#nextSegment();
    }
  }

  async #append(): Promise<void> {
    const pending = this.#pending.splice(0);
    this.#pending_bytes = 0;
    if (pending.length === 0) return;
    const segment = this.#last();
    const bytes = Buffer.concat(
      pending.map(({ kind, block }) => encodeRecord(kind, blockBytes(block), this.#safe_bytes)),
    );
    for (const { block } of pending) segment.newest = newer(segment.newest, block);
    await this.#file.write(bytes);
    this.#written_bytes += bytes.length;
  }

  /** Begins another segment; the one before is safe by then, as all are but the last. */
  async #nextSegment(): Promise<void> {
    const { folder, chainId, disk } = this.#options;
    await this.#file.sync();
    await this.#file.close();
    const number = this.#last().number + 1;
    const path = join(folder, segmentName(number));
    const own = this.#own;
    const bytes = written(chainId, own === undefined ? [] : [{ kind: 'own', block: own }]);
    this.#file = await disk.create(path);
    await this.#file.write(bytes);
    await this.#file.sync();
    await disk.syncFolder(folder);
    this.#written_bytes = bytes.length;
    this.#safe_bytes = bytes.length;
    // An own block in it again does not make it newer: where the block is not needed, the segment is not.
    this.#segments.push({ number, path, newest: OLDEST });
  }

  #last(): Segment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new RangeError('a log has at least one segment');
    return last;
  }
}

/** The numbers of the segments in a folder, ascending. */
const segmentNumbers = (folder: string): readonly number[] =>
  readdirSync(folder)
    .filter((name) => /^log-\d{8}$/.test(name))
    .map((name) => Number(name.slice(4)))
    .toSorted((a, b) => a - b);

/** A head, the blocks, and a last record that says that all before it is safe once the file has its name. */
function written(chainId: Uint8Array, blocks: readonly Written[]): Buffer {
  const records = [encodeRecord('head', chainId, 0)];
  for (const { kind, block } of blocks) records.push(encodeRecord(kind, blockBytes(block), 0));
  const size = records.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([...records, encodeRecord('head', chainId, size)]);
}

function laterOwn(found: Written | undefined, each: Written): Written | undefined {
  if (each.kind !== 'own') return found;
  return found === undefined || !isBefore(each.block, found.block) ? each : found;
}

async function readAll(
  options: BlockLogOptions,
  numbers: readonly number[],
): Promise<readonly Written[]> {
  const { folder, disk, mark } = options;
  const last = numbers.at(-1) ?? 0;
  if (mark !== undefined && last < mark.segment)
    throw lost(join(folder, segmentName(mark.segment)), 'is gone');
  const found: Written[] = [];
  for (const [at, number] of numbers.entries()) {
    const path = join(folder, segmentName(number));
    const before = numbers[at - 1];
    if (before !== undefined && before !== number - 1)
      throw lost(join(folder, segmentName(before + 1)), 'is gone');
    const bytes = await disk.read(path);
    const { records, whole_bytes, safe_bytes } = readSegment(bytes);
    const marked_bytes = mark?.segment === number ? mark.bytes : 0;
    const due_bytes = number < last ? bytes.length : Math.max(safe_bytes, marked_bytes);
    if (whole_bytes < due_bytes) throw lost(path, `is damaged at byte ${whole_bytes}`);
    for (const record of records) found.push(...blocksOf(options.chainId, path, record));
  }
  return found;
}

function blocksOf(
  chainId: Uint8Array,
  path: string,
  { kind, payload }: LogRecord,
): readonly Written[] {
  if (kind === 'head') {
    if (Buffer.compare(payload, chainId) !== 0) throw lost(path, 'is of another chain');
    return [];
  }
  try {
    return [{ kind, block: blockOf(chainId, payload) }];
  } catch (error) {
    if (error instanceof Malformed)
      throw lost(path, `has a block that does not read: ${error.message}`);
    throw error;
  }
}

const lost = (path: string, what: string): QError =>
  new QError(
    'FOLDER_UNUSABLE',
    `${path} ${what}: what this validator said is not known for certain, so it must not speak again under its key`,
    { path },
  );
