import { RECORD_BYTES, RECORD_WORDS, T_CODE_FLAGS, T_TIMESTAMP, TransferFlag } from './layout.ts';
import { LimitReached } from './limitReached.ts';
import { Page, PAGE_RECORDS } from './log/pageLayout.ts';
import { PageIndex } from './pageIndex.ts';
import type { PageReader } from './ports.ts';
import { Statuses } from './statuses.ts';
import { writeU64 } from './u128.ts';

/** Most events of one ledger: their ordinals are of 32 bits. */
const EVENTS_MAX = 2 ** 32 - 1;

interface Chunk {
  readonly words: Uint32Array;
  readonly debits: Uint32Array;
  readonly credits: Uint32Array;
}

/**
 * All events of transfers by their ordinal: 0, 1, 2 … over the whole log, refused ones too. The late
 * ones lie in memory, in chunks; the rest are read from the pages of the log.
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

  /** Makes room for a batch. @returns the ordinal of its first event */
  begin(events: number, firstPage: number): number {
    const first = this.statuses.count;
    if (first + events > EVENTS_MAX)
      throw new LimitReached(`a ledger has at most ${EVENTS_MAX} events`);
    this.statuses.extend(events);
    this.index.note(first, firstPage);
    for (let chunk = first >>> this.#bits; chunk * this.#size < first + events; chunk++)
      this.#chunks[chunk] ??= this.#newChunk();
    return first;
  }

  /** Keeps what an event is stored as. */
  put(
    ordinal: number,
    words: Uint32Array,
    at: number,
    timestampLow: number,
    timestampHigh: number,
    debit: number,
    credit: number,
  ): void {
    const chunk = this.#chunks[ordinal >>> this.#bits]!;
    const slot = ordinal & this.#mask;
    const into = chunk.words;
    const base = slot * RECORD_WORDS;
    for (let word = 0; word < T_TIMESTAMP; word++) into[base + word] = words[at + word]!;
    into[base + T_TIMESTAMP] = timestampLow;
    into[base + T_TIMESTAMP + 1] = timestampHigh;
    chunk.debits[slot] = debit;
    chunk.credits[slot] = credit;
  }

  /** Reads an event that had an effect into `words` from `at` on. */
  read(ordinal: number): void {
    const chunk = this.#chunks[ordinal >>> this.#bits];
    if (chunk === undefined || ordinal < this.#firstRecent) {
      this.#readPage(ordinal);
      return;
    }
    this.words = chunk.words;
    this.at = (ordinal & this.#mask) * RECORD_WORDS;
  }

  /** The indices of the accounts of an event that lies in memory. */
  debitOf(ordinal: number): number {
    return this.#chunks[ordinal >>> this.#bits]!.debits[ordinal & this.#mask]!;
  }

  creditOf(ordinal: number): number {
    return this.#chunks[ordinal >>> this.#bits]!.credits[ordinal & this.#mask]!;
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
      debits: new Uint32Array(this.#size),
      credits: new Uint32Array(this.#size),
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
