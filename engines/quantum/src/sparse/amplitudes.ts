/** An amplitude whose square is below this is what rounding left of a sum that is 0. */
const SQUARE_MIN = 1e-30;

/** Bytes of one entry with `words` words of key: twice, since a gate may write all entries anew. */
const entryBytes = (words: number): number => 2 * (4 * words + 16 + 4 * 4);

/** 32-bit words of an index of so many bits. */
export const wordsFor = (qubits: number): number => Math.max(1, Math.ceil(qubits / 32));

/** Bytes of a sparse state with so many nonzero amplitudes, to be known before any of them is taken. */
export const sparseBytes = (qubits: number, entries: number): number =>
  entries * entryBytes(wordsFor(qubits));

/**
 * Amplitudes by their index, of any number of bits: entries stand beside each other, and a table with open
 * addressing finds them. Its keys are rows of 32-bit words, the lowest bits first.
 */
export class Amplitudes {
  readonly words: number;
  /** `words` numbers an entry. */
  keys: Uint32Array;
  /** Real and imaginary part of each entry. */
  values: Float64Array;
  count = 0;
  /** Entry + 1, or 0; of a power of two slots, more than half of them free. None while keys have changed. */
  #table: Int32Array | undefined;

  constructor(words: number, capacity = 16) {
    this.words = words;
    this.keys = new Uint32Array(words * capacity);
    this.values = new Float64Array(2 * capacity);
  }

  clone(): Amplitudes {
    const copy = new Amplitudes(this.words, 0);
    copy.keys = this.keys.slice(0, this.words * this.count);
    copy.values = this.values.slice(0, 2 * this.count);
    copy.count = this.count;
    return copy;
  }

  /** To be said after keys were written directly. */
  keysChanged(): void {
    this.#table = undefined;
  }

  /** The entry of a key, or -1. */
  find(key: Uint32Array): number {
    const table = this.#table ?? this.#build();
    return table[this.#slot(table, key)]! - 1;
  }

  /** Adds to the amplitude of a key. */
  add(key: Uint32Array, re: number, im: number): void {
    let table = this.#table ?? this.#build();
    let slot = this.#slot(table, key);
    let entry = table[slot]! - 1;
    if (entry < 0) {
      if (2 * (this.count + 1) > table.length) {
        table = this.#build(2 * table.length);
        slot = this.#slot(table, key);
      }
      entry = this.append(key);
      table[slot] = entry + 1;
    }
    this.values[2 * entry]! += re;
    this.values[2 * entry + 1]! += im;
  }

  /** Adds an entry whose key is not there yet, with amplitude 0. */
  append(key: Uint32Array): number {
    const entry = this.count;
    if (2 * entry >= this.values.length) {
      const capacity = Math.max(16, 2 * entry);
      const keys = new Uint32Array(this.words * capacity);
      const values = new Float64Array(2 * capacity);
      keys.set(this.keys);
      values.set(this.values);
      this.keys = keys;
      this.values = values;
    }
    for (let word = 0; word < this.words; word += 1)
      this.keys[entry * this.words + word] = key[word]!;
    this.count += 1;
    return entry;
  }

  /** Drops entries that are 0 but for rounding. */
  prune(): void {
    let kept = 0;
    for (let entry = 0; entry < this.count; entry += 1) {
      const re = this.values[2 * entry]!;
      const im = this.values[2 * entry + 1]!;
      if (re * re + im * im < SQUARE_MIN) continue;
      if (kept !== entry) {
        this.values[2 * kept] = re;
        this.values[2 * kept + 1] = im;
        for (let word = 0; word < this.words; word += 1)
          this.keys[kept * this.words + word] = this.keys[entry * this.words + word]!;
      }
      kept += 1;
    }
    if (kept === this.count) return;
    this.values.fill(0, 2 * kept, 2 * this.count);
    this.count = kept;
    this.#table = undefined;
  }

  /** The slot of a key, or the free one where it belongs. */
  #slot(table: Int32Array, key: Uint32Array): number {
    const mask = table.length - 1;
    for (let slot = hash(key, 0, this.words) & mask; ; slot = (slot + 1) & mask) {
      const entry = table[slot]! - 1;
      if (entry < 0 || this.#has(entry, key)) return slot;
    }
  }

  #has(entry: number, key: Uint32Array): boolean {
    for (let word = 0; word < this.words; word += 1)
      if (this.keys[entry * this.words + word] !== key[word]) return false;
    return true;
  }

  #build(size = 32): Int32Array {
    let slots = size;
    while (slots < 2 * this.count + 2) slots *= 2;
    const table = new Int32Array(slots);
    for (let entry = 0; entry < this.count; entry += 1) {
      let slot = hash(this.keys, entry * this.words, this.words) & (slots - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (slots - 1);
      table[slot] = entry + 1;
    }
    this.#table = table;
    return table;
  }
}

/** Mixes the words of a key (the multiplier is that of Knuth, The Art of Computer Programming 3, section 6.4). */
function hash(words: Uint32Array, from: number, count: number): number {
  let mixed = 0;
  for (let word = 0; word < count; word += 1) {
    mixed = Math.imul(mixed ^ words[from + word]!, 0x9e3779b1);
    mixed ^= mixed >>> 15;
  }
  mixed = Math.imul(mixed, 0x85ebca77);
  return mixed ^ (mixed >>> 13);
}
