import { BloomFilter } from './bloomFilter.ts';
import { hashOf, longestWay, NO_KEY, type HashKey } from './hashing.ts';
import { RECORD_WORDS, T_ID } from './layout.ts';
import type { RunStore } from './ports.ts';
import { SortedRun, type RunFacts } from './sortedRun.ts';

/** Words of an entry: the id, its highest word first, and the ordinal of its event. */
const ID_ENTRY_WORDS = 5;
const KEY_WORDS = 4;
/** Entries that there is room for at first; small books stay small, and open at once. */
const ENTRIES_FIRST = 1024;
/** No such id. */
export const NO_EVENT = -1;

/**
 * Which event an id stands for. An id above all others is new, and is appended: time-ordered ids cost
 * one comparison. The rest lie in a hash table. Both are sealed into sorted runs when they
 * are full, so that memory does not grow with the number of transfers.
 */
export class TransferIds {
  /** Entries in ascending order. */
  #ordered: Uint32Array;
  #orderedCount = 0;
  /** Greatest of the ids that came in order, its highest word first. */
  #greatest = new Uint32Array(KEY_WORDS);
  /** The same as it was when the ordered entries were last sealed. */
  #sealedGreatest = new Uint32Array(KEY_WORDS);
  /** Entries by hash, with the ordinal + 1; 0 there is an empty slot. */
  #slots: Uint32Array;
  #othersCount = 0;
  readonly runs: SortedRun[] = [];
  readonly #store: RunStore | undefined;
  readonly #sealEntries: number;
  readonly #key = new Uint32Array(KEY_WORDS);
  readonly #hashKey: HashKey;

  /** @param sealEntries entries in memory after which a table is sealed; a power of two */
  constructor(store: RunStore | undefined, sealEntries: number, hashKey = NO_KEY) {
    this.#hashKey = hashKey;
    this.#store = store;
    this.#sealEntries = sealEntries;
    const entries = Math.min(sealEntries, ENTRIES_FIRST);
    this.#ordered = new Uint32Array(entries * ID_ENTRY_WORDS);
    this.#slots = new Uint32Array(entries * 2 * ID_ENTRY_WORDS);
  }

  /** Whether an id is greater than all that came in order. */
  isAboveAll(words: Uint32Array, at: number): boolean {
    const greatest = this.#greatest;
    if (words[at + 3] !== greatest[0]) return words[at + 3]! > greatest[0]!;
    if (words[at + 2] !== greatest[1]) return words[at + 2]! > greatest[1]!;
    if (words[at + 1] !== greatest[2]) return words[at + 1]! > greatest[2]!;
    return words[at]! > greatest[3]!;
  }

  /** The ordinal of the event with this id, or NO_EVENT. */
  find(words: Uint32Array, at: number): number {
    const i3 = words[at + 3]!;
    const i2 = words[at + 2]!;
    const i1 = words[at + 1]!;
    const i0 = words[at]!;
    if (this.isAboveAll(words, at)) return NO_EVENT;
    const key = this.#key;
    key[0] = i3;
    key[1] = i2;
    key[2] = i1;
    key[3] = i0;
    const other = this.#slotOf(key);
    if (this.#slots[other + 4] !== 0) return this.#slots[other + 4]! - 1;
    const ordered = this.#findOrdered(key);
    return ordered === NO_EVENT ? this.#findSealed(key, hashOf(NO_KEY, i0, i1, i2, i3)) : ordered;
  }

  /** Adds an id that is not there. */
  add(words: Uint32Array, at: number, ordinal: number): void {
    const i3 = words[at + 3]!;
    const i2 = words[at + 2]!;
    const i1 = words[at + 1]!;
    const i0 = words[at]!;
    if (this.isAboveAll(words, at)) {
      const entry = this.#orderedCount++ * ID_ENTRY_WORDS;
      const ordered = this.#ordered;
      const greatest = this.#greatest;
      ordered[entry] = greatest[0] = i3;
      ordered[entry + 1] = greatest[1] = i2;
      ordered[entry + 2] = greatest[2] = i1;
      ordered[entry + 3] = greatest[3] = i0;
      ordered[entry + 4] = ordinal;
      return;
    }
    const key = this.#key;
    key[0] = i3;
    key[1] = i2;
    key[2] = i1;
    key[3] = i0;
    const slot = this.#slotOf(key);
    for (let word = 0; word < KEY_WORDS; word++) this.#slots[slot + word] = key[word]!;
    this.#slots[slot + 4] = ordinal + 1;
    this.#othersCount++;
  }

  /**
   * Adds the ids of the events of a batch from one to another, each above all before it.
   * @param first ordinal of the first event of the batch
   */
  append(words: Uint32Array, from: number, to: number, first: number): void {
    const ordered = this.#ordered;
    let entry = this.#orderedCount * ID_ENTRY_WORDS;
    for (let event = from; event < to; event++) {
      const at = event * RECORD_WORDS + T_ID;
      ordered[entry] = words[at + 3]!;
      ordered[entry + 1] = words[at + 2]!;
      ordered[entry + 2] = words[at + 1]!;
      ordered[entry + 3] = words[at]!;
      ordered[entry + 4] = first + event;
      entry += ID_ENTRY_WORDS;
    }
    this.#orderedCount += to - from;
    const greatest = entry - ID_ENTRY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) this.#greatest[word] = ordered[greatest + word]!;
  }

  /** Takes back the id that was added last. */
  unadd(words: Uint32Array, at: number): void {
    const key = this.#key;
    for (let word = 0; word < KEY_WORDS; word++) key[word] = words[at + 3 - word]!;
    const slot = this.#slotOf(key);
    if (this.#slots[slot + 4] !== 0) {
      // Added last, so no other entry was placed behind it.
      this.#slots.fill(0, slot, slot + ID_ENTRY_WORDS);
      this.#othersCount--;
      return;
    }
    this.#orderedCount--;
    if (this.#orderedCount === 0) this.#greatest.set(this.#sealedGreatest);
    else {
      const entry = (this.#orderedCount - 1) * ID_ENTRY_WORDS;
      this.#greatest.set(this.#ordered.subarray(entry, entry + KEY_WORDS));
    }
  }

  /** Makes room for a batch; between batches only, as full tables are sealed. */
  reserve(events: number): void {
    if (this.#store !== undefined) {
      if (this.#orderedCount >= this.#sealEntries) this.#sealOrdered(this.#store);
      if (this.#othersCount >= this.#sealEntries) this.#sealOthers(this.#store);
    }
    if ((this.#orderedCount + events) * ID_ENTRY_WORDS > this.#ordered.length) {
      const before = this.#ordered;
      this.#ordered = new Uint32Array(
        Math.max(before.length * 2, (this.#orderedCount + events) * ID_ENTRY_WORDS),
      );
      this.#ordered.set(before);
    }
    while ((this.#othersCount + events) * 2 * ID_ENTRY_WORDS > this.#slots.length) this.#rehash();
  }

  /** Entries that lie in memory. */
  get inMemory(): number {
    return this.#orderedCount + this.#othersCount;
  }

  /** The steps of the longest way to an id that did not come in order. */
  get longestWay(): number {
    const slots = this.#slots;
    return longestWay(slots.length / ID_ENTRY_WORDS, (slot) => {
      const at = slot * ID_ENTRY_WORDS;
      if (slots[at + 4] === 0) return undefined;
      return hashOf(this.#hashKey, slots[at + 3]!, slots[at + 2]!, slots[at + 1]!, slots[at]!);
    });
  }

  /** What is in memory, for a snapshot: the ordered entries, then the others in ascending order. */
  unsealed(): { ordered: Uint32Array; others: Uint32Array; greatest: Uint32Array } {
    return {
      ordered: this.#ordered.slice(0, this.#orderedCount * ID_ENTRY_WORDS),
      others: this.#sortedOthers(),
      greatest: this.#sealedGreatest.slice(),
    };
  }

  /** Takes back what `unsealed` gave. */
  restore({ ordered, others, greatest }: ReturnType<TransferIds['unsealed']>): void {
    this.#sealedGreatest.set(greatest);
    this.#greatest.set(greatest);
    this.reserve(Math.max(ordered.length, others.length) / ID_ENTRY_WORDS);
    const words = new Uint32Array(KEY_WORDS);
    for (const entries of [ordered, others])
      for (let entry = 0; entry < entries.length; entry += ID_ENTRY_WORDS) {
        for (let word = 0; word < KEY_WORDS; word++) words[word] = entries[entry + 3 - word]!;
        this.add(words, 0, entries[entry + 4]!);
      }
  }

  /** The offset of the slot of a key: its own, or the empty one where it belongs. */
  #slotOf(key: Uint32Array): number {
    const slots = this.#slots;
    const mask = slots.length / ID_ENTRY_WORDS - 1;
    let slot = hashOf(this.#hashKey, key[3]!, key[2]!, key[1]!, key[0]!) & mask;
    for (;;) {
      const at = slot * ID_ENTRY_WORDS;
      if (slots[at + 4] === 0) return at;
      if (
        slots[at] === key[0] &&
        slots[at + 1] === key[1] &&
        slots[at + 2] === key[2] &&
        slots[at + 3] === key[3]
      )
        return at;
      slot = (slot + 1) & mask;
    }
  }

  #findOrdered(key: Uint32Array): number {
    const ordered = this.#ordered;
    let low = 0;
    let high = this.#orderedCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compareAt(ordered, middle * ID_ENTRY_WORDS, key);
      if (order === 0) return ordered[middle * ID_ENTRY_WORDS + 4]!;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return NO_EVENT;
  }

  #findSealed(key: Uint32Array, hash: number): number {
    for (let index = this.runs.length - 1; index >= 0; index--) {
      const run = this.runs[index]!;
      if (!run.spans(key) || run.memory.bloom?.mayHave(hash) === false) continue;
      const entry = run.lowerBound(key);
      if (entry === run.facts.count) continue;
      let word = 0;
      while (word < KEY_WORDS && run.word(entry, word) === key[word]) word++;
      if (word === KEY_WORDS) return run.word(entry, 4);
    }
    return NO_EVENT;
  }

  #sealOrdered(store: RunStore): void {
    const facts = this.#runFacts(this.#orderedCount);
    this.runs.push(SortedRun.write(store, facts, this.#ordered));
    this.#sealedGreatest.set(this.#greatest);
    this.#orderedCount = 0;
  }

  #sealOthers(store: RunStore): void {
    const entries = this.#sortedOthers();
    const bloom = BloomFilter.for(this.#othersCount);
    for (let at = 0; at < entries.length; at += ID_ENTRY_WORDS) bloom.add(bloomHashOf(entries, at));
    this.runs.push(SortedRun.write(store, this.#runFacts(this.#othersCount), entries, bloom));
    this.#slots.fill(0);
    this.#othersCount = 0;
  }

  #runFacts(count: number): RunFacts {
    const name = `ids-${this.runs.length}`;
    return { name, count, width: ID_ENTRY_WORDS, keyWidth: KEY_WORDS };
  }

  #sortedOthers(): Uint32Array {
    const slots = this.#slots;
    const filled = new Uint32Array(this.#othersCount);
    let count = 0;
    for (let at = 0; at < slots.length; at += ID_ENTRY_WORDS)
      if (slots[at + 4] !== 0) filled[count++] = at;
    filled.sort((a, b) => {
      for (let word = 0; word < KEY_WORDS; word++)
        if (slots[a + word] !== slots[b + word]) return slots[a + word]! - slots[b + word]!;
      return 0;
    });
    const entries = new Uint32Array(count * ID_ENTRY_WORDS);
    filled.forEach((at, index) => {
      entries.set(slots.subarray(at, at + KEY_WORDS), index * ID_ENTRY_WORDS);
      entries[index * ID_ENTRY_WORDS + 4] = slots[at + 4]! - 1;
    });
    return entries;
  }

  #rehash(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    const key = new Uint32Array(KEY_WORDS);
    for (let at = 0; at < before.length; at += ID_ENTRY_WORDS) {
      if (before[at + 4] === 0) continue;
      for (let word = 0; word < KEY_WORDS; word++) key[word] = before[at + word]!;
      this.#slots.set(before.subarray(at, at + ID_ENTRY_WORDS), this.#slotOf(key));
    }
  }
}

/** Filters are kept in snapshots, so what they are made with is the same at every start. */
const bloomHashOf = (entries: Uint32Array, at: number): number =>
  hashOf(NO_KEY, entries[at + 3]!, entries[at + 2]!, entries[at + 1]!, entries[at]!);

function compareAt(entries: Uint32Array, at: number, key: Uint32Array): number {
  for (let word = 0; word < KEY_WORDS; word++) {
    const x = entries[at + word]!;
    const y = key[word]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
