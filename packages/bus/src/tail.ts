/** The newest events in memory, read once for everybody who follows. */

import type { Row, Store } from '@anarq/store';

import { BATCH_ROWS_MAX, TAIL_BYTES_MAX, TAIL_ROWS_MAX } from './limits.ts';
import { readWindow } from './outbox.ts';

/** Holds every event of the outbox with a number above `from`, up to `to`. */
export class Tail {
  readonly #store: Store;
  #rows: Row[] = [];
  #bytes = 0;
  #from: number;
  #to: number;

  constructor(store: Store, head: number) {
    this.#store = store;
    this.#from = this.#to = head;
  }

  /** Forgets what it holds; begins at a number. */
  reset(head: number): void {
    this.#rows = [];
    this.#bytes = 0;
    this.#from = this.#to = head;
  }

  /** Reads on up to a number. */
  async load(head: number): Promise<void> {
    while (this.#to < head) {
      const order = { where: [], after: this.#to, head, limit: BATCH_ROWS_MAX };
      const { rows, end } = await readWindow(this.#store, order);
      this.#rows.push(...rows);
      for (const row of rows) this.#bytes += bytesOf(row);
      this.#to = end;
      this.#shorten();
    }
  }

  /** The events after a number, oldest first; undefined where that is older than what it holds. */
  after(position: number): readonly Row[] | undefined {
    if (position < this.#from) return undefined;
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.#rows[middle]?.['seq']) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#rows.slice(low, low + BATCH_ROWS_MAX);
  }

  #shorten(): void {
    let gone = 0;
    while (
      gone < this.#rows.length &&
      (this.#rows.length - gone > TAIL_ROWS_MAX || this.#bytes > TAIL_BYTES_MAX)
    ) {
      const row = this.#rows[gone];
      if (row === undefined) break;
      this.#bytes -= bytesOf(row);
      this.#from = Number(row['seq']);
      gone += 1;
    }
    this.#rows.splice(0, gone);
  }
}

const bytesOf = (row: Row): number => String(row['data']).length + String(row['viewers']).length;
