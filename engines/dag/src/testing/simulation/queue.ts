interface Timed {
  readonly at_ms: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is to happen when: the earliest first, of those at the same time the one that was added first. */
export class SimQueue {
  readonly #heap: Timed[] = [];
  #order = 0;
  #now_ms = 0;

  get now_ms(): number {
    return this.#now_ms;
  }

  at(at_ms: number, run: () => void): void {
    const heap = this.#heap;
    const added = { at_ms: Math.max(at_ms, this.#now_ms), order: (this.#order += 1), run };
    let at = heap.push(added) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(added, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = added;
  }

  after(delay_ms: number, run: () => void): void {
    this.at(this.#now_ms + delay_ms, run);
  }

  /** Lets everything happen up to a time. */
  runUntil(end_ms: number): void {
    for (
      let next = this.#heap[0];
      next !== undefined && next.at_ms <= end_ms;
      next = this.#heap[0]
    ) {
      this.#take();
      this.#now_ms = next.at_ms;
      next.run();
    }
    this.#now_ms = end_ms;
  }

  #take(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Timed, b: Timed): boolean =>
  a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order);
