import { crc32 } from 'node:zlib';
import { BALANCE_WORDS } from './layout.ts';
import type { Accounts } from './accounts.ts';
import { F_CODE_FLAGS, FACT_WORDS } from './accounts.ts';
import { RunDamaged, type RunStore } from './ports.ts';

/** Words of an entry: ordinal, both accounts, both flags, and the four balances of each. */
const HISTORY_WORDS = 4 + 2 * BALANCE_WORDS;
export const H_DEBIT = 1;
export const H_CREDIT = 2;
/** Flags of the debit account in the lower half, of the credit account in the upper. */
export const H_FLAGS = 3;
export const H_DEBIT_BALANCES = 4;
export const H_CREDIT_BALANCES = 4 + BALANCE_WORDS;

/**
 * How events left both accounts: for accounts with the flag `history`, or for all. In chunks; those
 * that are full are written away and read again when somebody asks.
 */
export class BalanceHistory {
  count = 0;
  /** The ordinal that each chunk begins with. */
  readonly firsts: number[] = [];
  /** CRC-32 of each chunk that was written away. */
  readonly #checks: number[] = [];
  readonly #store: RunStore | undefined;
  readonly #chunkEntries: number;
  readonly #chunks: (Uint32Array | undefined)[] = [];
  #written = 0;
  #loaded = new Uint32Array(0);
  #loadedChunk = -1;

  constructor(store: RunStore | undefined, chunkEntries: number) {
    this.#store = store;
    this.#chunkEntries = chunkEntries;
  }

  add(ordinal: number, accounts: Accounts, debit: number, credit: number): void {
    const chunk = Math.floor(this.count / this.#chunkEntries);
    const slot = this.count % this.#chunkEntries;
    const words = (this.#chunks[chunk] ??= new Uint32Array(this.#chunkEntries * HISTORY_WORDS));
    if (slot === 0) this.firsts[chunk] = ordinal;
    const at = slot * HISTORY_WORDS;
    const { balances, facts } = accounts;
    words[at] = ordinal;
    words[at + H_DEBIT] = debit;
    words[at + H_CREDIT] = credit;
    words[at + H_FLAGS] =
      (facts[debit * FACT_WORDS + F_CODE_FLAGS]! >>> 16) |
      (facts[credit * FACT_WORDS + F_CODE_FLAGS]! & 0xffff0000);
    const from = debit * BALANCE_WORDS;
    const other = credit * BALANCE_WORDS;
    for (let word = 0; word < BALANCE_WORDS; word++) {
      words[at + H_DEBIT_BALANCES + word] = balances[from + word]!;
      words[at + H_CREDIT_BALANCES + word] = balances[other + word]!;
    }
    this.count++;
  }

  /** Takes back all entries from a number on. */
  truncate(count: number): void {
    this.count = count;
  }

  /** Writes full chunks away; between batches only. */
  seal(): void {
    if (this.#store === undefined) return;
    const full = Math.floor(this.count / this.#chunkEntries);
    for (; this.#written < full; this.#written++) {
      const words = this.#chunks[this.#written]!;
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      this.#store.write(nameOf(this.#written), bytes);
      this.#checks[this.#written] = crc32(bytes);
      this.#chunks[this.#written] = undefined;
    }
  }

  /** The words of the chunk with an event's entry and where that begins; undefined where it has none. */
  find(ordinal: number): { readonly words: Uint32Array; readonly at: number } | undefined {
    let low = 0;
    let high = Math.ceil(this.count / this.#chunkEntries);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firsts[middle]! <= ordinal) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const words = this.#chunkOf(low - 1);
    let from = 0;
    let to = Math.min(this.#chunkEntries, this.count - (low - 1) * this.#chunkEntries);
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = words[middle * HISTORY_WORDS]!;
      if (found === ordinal) return { words, at: middle * HISTORY_WORDS };
      if (found < ordinal) from = middle + 1;
      else to = middle;
    }
    return undefined;
  }

  /** What is not written away, for a snapshot. */
  unsealed(): { firsts: number[]; checks: number[]; written: number; words: Uint32Array } {
    const from = this.#written * this.#chunkEntries;
    const words = new Uint32Array((this.count - from) * HISTORY_WORDS);
    for (let entry = from; entry < this.count; entry++) {
      const chunk = this.#chunks[Math.floor(entry / this.#chunkEntries)]!;
      const at = (entry % this.#chunkEntries) * HISTORY_WORDS;
      words.set(chunk.subarray(at, at + HISTORY_WORDS), (entry - from) * HISTORY_WORDS);
    }
    const chunks = Math.ceil(this.count / this.#chunkEntries);
    return {
      firsts: this.firsts.slice(0, chunks),
      checks: this.#checks.slice(),
      written: this.#written,
      words,
    };
  }

  restore({ firsts, checks, written, words }: ReturnType<BalanceHistory['unsealed']>): void {
    for (const first of firsts) this.firsts.push(first);
    for (const check of checks) this.#checks.push(check);
    this.#written = written;
    const from = written * this.#chunkEntries;
    this.count = from + words.length / HISTORY_WORDS;
    for (let entry = from; entry < this.count; entry++) {
      const chunk = Math.floor(entry / this.#chunkEntries);
      this.#chunks[chunk] ??= new Uint32Array(this.#chunkEntries * HISTORY_WORDS);
      const at = (entry - from) * HISTORY_WORDS;
      this.#chunks[chunk].set(
        words.subarray(at, at + HISTORY_WORDS),
        (entry % this.#chunkEntries) * HISTORY_WORDS,
      );
    }
  }

  #chunkOf(chunk: number): Uint32Array {
    const here = this.#chunks[chunk];
    if (here !== undefined) return here;
    if (this.#loadedChunk !== chunk && this.#store !== undefined) {
      const name = nameOf(chunk);
      const bytes = this.#store.read(name, 0, this.#chunkEntries * HISTORY_WORDS * 4);
      if (crc32(bytes) !== this.#checks[chunk]) throw new RunDamaged(name);
      this.#loaded = new Uint32Array(new Uint8Array(bytes).buffer);
      this.#loadedChunk = chunk;
    }
    return this.#loaded;
  }
}

const nameOf = (chunk: number): string => `history-${chunk}`;
