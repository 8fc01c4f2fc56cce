import { RECORD_BYTES, RECORD_WORDS, T_CODE_FLAGS, T_TIMESTAMP, TransferFlag } from './layout.ts';
import { LimitReached } from './limitReached.ts';
import { Page, PAGE_RECORDS } from './log/pageLayout.ts';
import { PageIndex } from './pageIndex.ts';
import type { PageReader } from './ports.ts';
import { Statuses } from './statuses.ts';
import { writeU64 } from './u128.ts';

/** Most events of one ledger: their ordinals are of 32 bits. */
const EVENTS_MAX = 2 ** 32 - 1;

/** Words of what is noted of an event beside its record: both accounts, and its time, low and high. */
const MARK_WORDS = 4;
const M_CREDIT = 1;
const M_TIME = 2;

/** Below so many events a batch is copied word by word: that is less than what a view of it costs. */
const VIEW_EVENTS_MIN = 16;

interface Chunk {
  readonly words: Uint32Array;
  readonly marks: Uint32Array;
}

/**
 * All events of transfers by their ordinal: 0, 1, 2 … over the whole log, refused ones too. The late
 * ones lie in memory, in chunks; the rest are read from the pages of the log. Records of a batch are
 * read where they lie while it is applied, and copied as a whole when it is done.
 */
export class Events {
  readonly statuses = new Statuses();
  readonly index: PageIndex;
  readonly #bits: number;
  readonly #mask: number;
  readonly #size: number;
  readonly #chunks: (Chunk | undefined)[] = [];
  /** Chunks that were let go of: memory that was used before costs no page faults. */
  readonly #spare: Chunk[] = [];
  #firstRecent = 0;
  /** The batch that is applied, and the ordinal of its first event; none between batches. */
  #batch: Uint32Array | undefined;
  #batchFirst = 0;
  /** The record that was read last, with its timestamp, and where it begins. */
  words: Uint32Array = new Uint32Array(RECORD_WORDS);
  at = 0;
  readonly #scratch = new Uint32Array(RECORD_WORDS);

  /** @param chunkEvents events of a chunk, a power of two */
  constructor(pages: PageReader | undefined, chunkEvents: number) {
    this.index = new PageIndex(pages);
    this.#bits = Math.log2(chunkEvents);
    this.#mask = chunkEvents - 1;
    this.#size = chunkEvents;
  }

  get count(): number {
    return this.statuses.count;
  }

  /** The first event that lies in memory. */
  get firstRecent(): number {
    return this.#firstRecent;
  }

  /** Events whose records lie in memory, and those that there is room for. */
  get inMemory(): number {
    return (
      (this.#chunks.filter((chunk) => chunk !== undefined).length + this.#spare.length) * this.#size
    );
  }

  /**
   * Makes room for a batch.
   * @param words its records, which `end` keeps
   * @returns the ordinal of its first event
   */
  begin(events: number, firstPage: number, words: Uint32Array): number {
    const first = this.statuses.count;
    if (first + events > EVENTS_MAX)
      throw new LimitReached(`a ledger has at most ${EVENTS_MAX} events`);
    this.statuses.extend(events);
    this.index.note(first, firstPage);
    for (let chunk = first >>> this.#bits; chunk * this.#size < first + events; chunk++)
      this.#chunks[chunk] ??= this.#newChunk();
    this.#batch = words;
    this.#batchFirst = first;
    return first;
  }

  /** Keeps the records of the batch as they are now: all of it was applied. */
  end(): void {
    if (this.#batch === undefined) return;
    this.keep(this.#batchFirst, this.#batch);
    this.#batch = undefined;
  }

  /** Keeps records from an ordinal on, for which there is room. */
  keep(first: number, words: Uint32Array): void {
    const count = Math.min(words.length / RECORD_WORDS, this.count - first);
    for (let done = 0; done < count;) {
      const into = this.#chunks[(first + done) >>> this.#bits]!.words;
      const slot = (first + done) & this.#mask;
      const part = Math.min(count - done, this.#size - slot);
      const from = done * RECORD_WORDS;
      const to = slot * RECORD_WORDS;
      if (part >= VIEW_EVENTS_MIN) into.set(words.subarray(from, from + part * RECORD_WORDS), to);
      else
        for (let word = 0; word < part * RECORD_WORDS; word++)
          into[to + word] = words[from + word]!;
      done += part;
    }
  }

  /** Notes an event that had an effect: when it was, and its accounts. */
  mark(
    ordinal: number,
    timestampLow: number,
    timestampHigh: number,
    debit: number,
    credit: number,
  ): void {
    const { marks } = this.#chunks[ordinal >>> this.#bits]!;
    const at = (ordinal & this.#mask) * MARK_WORDS;
    marks[at] = debit;
    marks[at + M_CREDIT] = credit;
    marks[at + M_TIME] = timestampLow;
    marks[at + M_TIME + 1] = timestampHigh;
  }

  /** Reads an event that had an effect into `words` from `at` on. */
  read(ordinal: number): void {
    const chunk = this.#chunks[ordinal >>> this.#bits];
    if (chunk === undefined || ordinal < this.#firstRecent) {
      this.#readPage(ordinal);
      return;
    }
    const mark = (ordinal & this.#mask) * MARK_WORDS;
    if (this.#batch !== undefined && ordinal >= this.#batchFirst) {
      // The batch is what will be logged, and there it has no time.
      const from = (ordinal - this.#batchFirst) * RECORD_WORDS;
      for (let word = 0; word < T_TIMESTAMP; word++)
        this.#scratch[word] = this.#batch[from + word]!;
      this.words = this.#scratch;
      this.at = 0;
    } else {
      this.words = chunk.words;
      this.at = (ordinal & this.#mask) * RECORD_WORDS;
    }
    this.words[this.at + T_TIMESTAMP] = chunk.marks[mark + M_TIME]!;
    this.words[this.at + T_TIMESTAMP + 1] = chunk.marks[mark + M_TIME + 1]!;
  }

  /** The indices of the accounts of an event that lies in memory. */
  debitOf(ordinal: number): number {
    return this.#chunks[ordinal >>> this.#bits]!.marks[(ordinal & this.#mask) * MARK_WORDS]!;
  }

  creditOf(ordinal: number): number {
    const at = (ordinal & this.#mask) * MARK_WORDS + M_CREDIT;
    return this.#chunks[ordinal >>> this.#bits]!.marks[at]!;
  }

  /** Lets go of all chunks that end before an ordinal. */
  forget(before: number): void {
    const end = before >>> this.#bits;
    for (let number = this.#firstRecent >>> this.#bits; number < end; number++) {
      const chunk = this.#chunks[number];
      if (chunk !== undefined) this.#spare.push(chunk);
      this.#chunks[number] = undefined;
    }
    this.#firstRecent = Math.max(this.#firstRecent, end * this.#size);
  }

  /** Takes the events of a snapshot for granted: those before an ordinal are read from the log. */
  restore(statuses: Uint8Array, firstRecent: number): void {
    this.statuses.restore(statuses);
    this.#firstRecent = firstRecent;
    for (let chunk = firstRecent >>> this.#bits; chunk * this.#size < this.count; chunk++)
      this.#chunks[chunk] = this.#newChunk();
  }

  #newChunk(): Chunk {
    const spare = this.#spare.pop();
    if (spare !== undefined) return spare;
    return {
      words: new Uint32Array(this.#size * RECORD_WORDS),
      marks: new Uint32Array(this.#size * MARK_WORDS),
    };
  }

  #readPage(ordinal: number): void {
    const page = this.index.pageOf(ordinal);
    const slot = ordinal - Number(page.getBigUint64(Page.ORDINAL, true));
    const from = Page.RECORDS + slot * RECORD_BYTES;
    for (let word = 0; word < RECORD_WORDS; word++)
      this.#scratch[word] = page.getUint32(from + word * 4, true);
    const isImported = ((this.#scratch[T_CODE_FLAGS]! >>> 16) & TransferFlag.IMPORTED) !== 0;
    if (!isImported) {
      const position = page.getUint32(Page.INDEX, true) * PAGE_RECORDS + slot;
      const last = page.getBigUint64(Page.TIMESTAMP, true);
      const count = page.getUint32(Page.BATCH_COUNT, true);
      writeU64(this.#scratch, T_TIMESTAMP, last - BigInt(count - 1 - position));
    }
    this.words = this.#scratch;
    this.at = 0;
  }
}
