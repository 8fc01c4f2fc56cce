import { crc32 } from 'node:zlib';
import { RunDamaged, type RunStore } from './ports.ts';
import type { BloomFilter } from './bloomFilter.ts';

/** Entries between two that are kept in memory. */
const SPARSE_EVERY = 128;

/** What a run keeps in memory; a snapshot carries it. */
export interface RunFacts {
  readonly name: string;
  readonly count: number;
  /** Words of an entry. */
  readonly width: number;
  /** How many of its words, from the first, order the entries. */
  readonly keyWidth: number;
}

/** What a run keeps in memory beside its facts. */
export interface RunMemory {
  /** The key of the first entry of each block. */
  readonly sparse: Uint32Array;
  /** The last entry's key. */
  readonly last: Uint32Array;
  /** CRC-32 of each block. */
  readonly checks: Uint32Array;
  readonly bloom: BloomFilter | undefined;
}

/**
 * An immutable file of entries in ascending order, with every 128th key in memory: a look-up reads
 * one block, and checks it. Entries are rows of words of 32 bits; the first word counts most.
 */
export class SortedRun {
  readonly facts: RunFacts;
  readonly #store: RunStore;
  readonly memory: RunMemory;
  #block = new Uint32Array(0);
  #blockFrom = -1;

  private constructor(store: RunStore, facts: RunFacts, memory: RunMemory) {
    this.#store = store;
    this.facts = facts;
    this.memory = memory;
  }

  /** Writes entries that are in order. */
  static write(
    store: RunStore,
    facts: RunFacts,
    entries: Uint32Array,
    bloom?: BloomFilter,
  ): SortedRun {
    const { name, count, width, keyWidth } = facts;
    const bytes = new Uint8Array(entries.buffer, entries.byteOffset, count * width * 4);
    store.write(name, bytes);
    const lastAt = (count - 1) * width;
    return new SortedRun(store, facts, {
      sparse: sparseOf(facts, entries),
      last: entries.slice(lastAt, lastAt + keyWidth),
      checks: checksOf(facts, bytes),
      bloom,
    });
  }

  /** A run that was written before. */
  static open(store: RunStore, facts: RunFacts, memory: RunMemory): SortedRun {
    return new SortedRun(store, facts, memory);
  }

  /** What it takes in memory. */
  get bytesInMemory(): number {
    const { sparse, last, checks, bloom } = this.memory;
    return sparse.byteLength + last.byteLength + checks.byteLength + (bloom?.words.byteLength ?? 0);
  }

  /** Whether a key may be between the first and the last entry's. */
  spans(key: Uint32Array): boolean {
    const { keyWidth } = this.facts;
    return (
      compareKeys(key, 0, this.memory.sparse, 0, keyWidth) >= 0 &&
      compareKeys(key, 0, this.memory.last, 0, keyWidth) <= 0
    );
  }

  /**
   * The number of the first entry whose key is not below this one; `count` where all are.
   * @throws RunDamaged
   */
  lowerBound(key: Uint32Array): number {
    const { count, width, keyWidth } = this.facts;
    const { sparse } = this.memory;
    let low = 0;
    let high = sparse.length / keyWidth;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(sparse, middle * keyWidth, key, 0, keyWidth) < 0) low = middle + 1;
      else high = middle;
    }
    // The first one that is not below lies in the block before the sparse key found, or is that key.
    let from = Math.max(0, low - 1) * SPARSE_EVERY;
    let to = Math.min(count, low * SPARSE_EVERY);
    while (from < to) {
      const middle = (from + to) >>> 1;
      const block = this.#blockOf(middle);
      const at = (middle % SPARSE_EVERY) * width;
      if (compareKeys(block, at, key, 0, keyWidth) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** A word of an entry. */
  word(entry: number, word: number): number {
    return this.#blockOf(entry)[(entry % SPARSE_EVERY) * this.facts.width + word]!;
  }

  #blockOf(entry: number): Uint32Array {
    const from = entry - (entry % SPARSE_EVERY);
    if (from === this.#blockFrom) return this.#block;
    const { name, count, width } = this.facts;
    const entries = Math.min(SPARSE_EVERY, count - from);
    const bytes = this.#store.read(name, from * width * 4, entries * width * 4);
    if (crc32(bytes) !== this.memory.checks[from / SPARSE_EVERY]) throw new RunDamaged(name);
    // The bytes may lie anywhere in a larger buffer.
    this.#block = new Uint32Array(new Uint8Array(bytes).buffer);
    this.#blockFrom = from;
    return this.#block;
  }
}

function checksOf({ count, width }: RunFacts, bytes: Uint8Array): Uint32Array {
  const checks = new Uint32Array(Math.ceil(count / SPARSE_EVERY));
  const size = SPARSE_EVERY * width * 4;
  for (let block = 0; block < checks.length; block++)
    checks[block] = crc32(bytes.subarray(block * size, (block + 1) * size));
  return checks;
}

function sparseOf({ count, width, keyWidth }: RunFacts, entries: Uint32Array): Uint32Array {
  const sparse = new Uint32Array(Math.ceil(count / SPARSE_EVERY) * keyWidth);
  for (let block = 0; block * SPARSE_EVERY < count; block++)
    for (let word = 0; word < keyWidth; word++)
      sparse[block * keyWidth + word] = entries[block * SPARSE_EVERY * width + word]!;
  return sparse;
}

/** Compares keys word by word, the first counting most. */
function compareKeys(
  a: Uint32Array,
  at: number,
  b: Uint32Array,
  bt: number,
  words: number,
): number {
  for (let word = 0; word < words; word++) {
    const x = a[at + word]!;
    const y = b[bt + word]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
