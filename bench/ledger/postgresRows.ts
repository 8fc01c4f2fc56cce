import type { numbersFrom } from './batches.ts';

/** Batches are used in turn, as those of the ledger are. */
const POOL_BATCHES = 32;

/** One row: id, debit, credit and amount. */
export type Row = readonly [number, number, number, number];

/**
 * Transfers as PostgreSQL takes them: made before anything is measured, as columns in the text of its arrays.
 * A driver that quotes numbers one by one takes a sixth of the time of a batch. Only ids are written each time.
 */
export class PostgresRows {
  readonly #accounts: number;
  readonly #random: ReturnType<typeof numbersFrom>;
  readonly #pools = new Map<number, (readonly string[])[]>();
  #nextId = 1;
  #at = 0;

  constructor(accounts: number, random: ReturnType<typeof numbersFrom>) {
    this.#accounts = accounts;
    this.#random = random;
  }

  /** Makes batches of so many, where there are none. */
  prepare(batch: number): void {
    if (this.#pools.has(batch)) return;
    const one = (): readonly string[] => {
      const rows = Array.from({ length: batch }, () => this.#parties());
      return [0, 1, 2].map((column) => `{${rows.map((row) => row[column]).join(',')}}`);
    };
    this.#pools.set(batch, Array.from({ length: POOL_BATCHES }, one));
  }

  /** Ids, debits, credits and amounts of the next batch. */
  take(batch: number): string[] {
    const pool = this.#pools.get(batch);
    const columns = pool?.[this.#at++ % POOL_BATCHES];
    if (columns === undefined) throw new Error(`batches of ${batch} are not prepared`);
    const ids = Array.from({ length: batch }, () => this.#nextId++);
    return [`{${ids.join(',')}}`, ...columns];
  }

  /** The next transfer alone. */
  one(): Row {
    return [this.#nextId++, ...this.#parties()];
  }

  #parties(): readonly [number, number, number] {
    const debit = this.#random() % this.#accounts;
    const other = this.#random() % (this.#accounts - 1);
    const credit = (debit + 1 + other) % this.#accounts;
    return [debit + 1, credit + 1, 1 + (this.#random() % 1_000)];
  }
}
