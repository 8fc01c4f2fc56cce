/** Words of an entry: the instant of the end, low and high, and the ordinal of the pending transfer. */
const WORDS = 3;

/**
 * When pending transfers end, the earliest first; a binary heap. Those that are posted or voided before
 * stay, and are passed over when their time comes; but when they may be as many as the others, they are
 * let go of, or holds that have years to run would fill the memory after they were posted.
 */
export class Expiries {
  #heap = new Uint32Array(WORDS * 1024);
  #count = 0;
  readonly #pruneMin: number;
  /** More entries than this are looked through for such as ended before their time. */
  #pruneAbove: number;

  /** @param pruneMin entries that are never too many */
  constructor(pruneMin: number) {
    this.#pruneMin = pruneMin;
    this.#pruneAbove = pruneMin;
  }

  get count(): number {
    return this.#count;
  }

  /** The earliest end, as low and high word, and whose it is. */
  get firstLow(): number {
    return this.#heap[0]!;
  }
  get firstHigh(): number {
    return this.#heap[1]!;
  }
  get firstOrdinal(): number {
    return this.#heap[2]!;
  }

  add(low: number, high: number, ordinal: number): void {
    if ((this.#count + 1) * WORDS > this.#heap.length) {
      const before = this.#heap;
      this.#heap = new Uint32Array(before.length * 2);
      this.#heap.set(before);
    }
    let at = this.#count++;
    this.#write(at, low, high, ordinal);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  removeFirst(): void {
    const last = --this.#count;
    this.#heap.copyWithin(0, last * WORDS, (last + 1) * WORDS);
    for (let at = 0; ;) {
      const left = at * 2 + 1;
      if (left >= last) return;
      const right = left + 1;
      const child = right < last && this.#isBefore(right, left) ? right : left;
      if (!this.#isBefore(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  /** Lets go of those that ended before their time, where there are many; between batches only. */
  prune(isPending: (ordinal: number) => boolean): void {
    if (this.#count <= this.#pruneAbove) return;
    const before = this.entries();
    this.#count = 0;
    for (let at = 0; at < before.length; at += WORDS)
      if (isPending(before[at + 2]!)) this.add(before[at]!, before[at + 1]!, before[at + 2]!);
    this.#pruneAbove = Math.max(this.#pruneMin, this.#count * 2);
  }

  /** All entries, for a snapshot. */
  entries(): Uint32Array {
    return this.#heap.slice(0, this.#count * WORDS);
  }

  restore(entries: Uint32Array): void {
    for (let at = 0; at < entries.length; at += WORDS)
      this.add(entries[at]!, entries[at + 1]!, entries[at + 2]!);
  }

  /** Ends at the same instant go by ordinal, so that the order is the same on every machine. */
  #isBefore(a: number, b: number): boolean {
    const heap = this.#heap;
    const at = a * WORDS;
    const bt = b * WORDS;
    if (heap[at + 1] !== heap[bt + 1]) return heap[at + 1]! < heap[bt + 1]!;
    if (heap[at] !== heap[bt]) return heap[at]! < heap[bt]!;
    return heap[at + 2]! < heap[bt + 2]!;
  }

  #write(at: number, low: number, high: number, ordinal: number): void {
    this.#heap[at * WORDS] = low;
    this.#heap[at * WORDS + 1] = high;
    this.#heap[at * WORDS + 2] = ordinal;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    for (let word = 0; word < WORDS; word++) {
      const kept = heap[a * WORDS + word]!;
      heap[a * WORDS + word] = heap[b * WORDS + word]!;
      heap[b * WORDS + word] = kept;
    }
  }
}
