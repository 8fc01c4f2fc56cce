/** Takes over what other processes of a node emitted, into the outbox of this one. */

import { StoreError, type SqlValue, type Statement, type Store } from '@anarq/store';

import type { Carried, Refill } from './wire.ts';

/** What the feed needs. */
export interface FeedContext {
  readonly store: Store;
  /** This process: what it emitted itself comes back to it, and is not taken. */
  readonly origin: string;
  readonly now_ms: () => number;
  /** Asks the origin for what it emitted after a number; undefined where it does not answer. */
  readonly ask: (origin: string, after: number) => Promise<Refill | undefined>;
  /** Called when there are new events in the outbox. */
  readonly wake: () => void;
}

/**
 * Invariant: of each origin, every event up to its number in `bus_feed` is in this outbox, once. Its
 * consumers read there, each with its own cursor and inbox, so an effect happens once whatever the
 * broker lost or repeated.
 */
export class Feed {
  readonly #context: FeedContext;
  readonly #seq = new Map<string, number>();

  constructor(context: FeedContext) {
    this.#context = context;
  }

  /** Origins that were heard of. */
  get origins(): readonly string[] {
    return [...this.#seq.keys()];
  }

  /** Another process is there; what it emitted is asked for with the next look. */
  hear(origin: string): void {
    if (origin !== this.#context.origin && !this.#seq.has(origin)) this.#seq.set(origin, 0);
  }

  /** Reads how far it is. Called once, before the first event. */
  async load(): Promise<void> {
    const rows = await this.#context.store.read('SELECT origin, seq FROM bus_feed');
    for (const row of rows) this.#seq.set(String(row['origin']), Number(row['seq']));
  }

  /**
   * Takes one event, in the order of its origin.
   * @returns false where something before it is missing, and its origin does not answer now
   */
  async take(carried: Carried): Promise<boolean> {
    const { origin, seq, prev } = carried;
    if (origin === this.#context.origin || seq <= this.#of(origin)) return true;
    if (prev > this.#of(origin) && !(await this.catchUp(origin))) return false;
    if (seq <= this.#of(origin)) return true;
    await this.#commit(origin, [carried], seq);
    return true;
  }

  /**
   * Asks an origin for all that is missing.
   * @returns whether it answered
   */
  async catchUp(origin: string): Promise<boolean> {
    for (;;) {
      const after = this.#of(origin);
      const refill = await this.#context.ask(origin, after);
      if (refill === undefined) return false;
      if (refill.upTo <= after) return true;
      await this.#commit(origin, refill.events, refill.upTo);
    }
  }

  #of(origin: string): number {
    return this.#seq.get(origin) ?? 0;
  }

  async #commit(origin: string, events: readonly Carried[], upTo: number): Promise<void> {
    const { store, now_ms, wake } = this.#context;
    const from = this.#of(origin);
    try {
      await store.commit([
        ...events.map((carried) => arrive(origin, carried)),
        {
          sql: `INSERT INTO bus_feed (origin, seq, updated_ms) VALUES (:origin, 0, :now_ms)
                ON CONFLICT (origin) DO NOTHING`,
          params: { origin, now_ms: now_ms() },
        },
        {
          name: 'bus feed',
          sql: `UPDATE bus_feed SET seq = :seq, updated_ms = :now_ms
                WHERE origin = :origin AND seq = :from`,
          params: { origin, seq: upTo, from, now_ms: now_ms() },
          expect: { changes: 1 },
        },
      ]);
      this.#seq.set(origin, upTo);
    } catch (error) {
      // Another feed on this store was faster, or the outcome is not known: the store knows.
      await this.load();
      if (!(error instanceof StoreError) || error.code !== 'CONFLICT') throw error;
    }
    if (events.length > 0) wake();
  }
}

/** An event that was taken over before, under the same id, is there already. */
function arrive(origin: string, { row }: Carried): Statement {
  const columns = Object.keys(row);
  const params: Record<string, SqlValue> = { ...row, origin };
  return {
    sql: `INSERT INTO kernel_outbox (${columns.join(', ')}, origin)
          VALUES (${columns.map((name) => `:${name}`).join(', ')}, :origin)
          ON CONFLICT (id) DO NOTHING`,
    params,
  };
}
