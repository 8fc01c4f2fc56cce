/** Tells the other processes of a node what this one emitted: in order, from the outbox. */

import type { Row, Store } from '@anarq/store';

import { BATCH_ROWS_MAX } from '../limits.ts';
import { headOf, readWindow } from '../outbox.ts';
import { openCursor, savePosition } from '../tables.ts';
import { carriedRow, seal, subjectOf, type Carried, type Refill } from './wire.ts';

/** Cursor of the relay in the store of its process. */
const RELAY = '@relay';
/** What other processes read, on behalf of a feed there. */
const OWN = { sql: 'origin IS NULL', params: {} };
/** Bytes of one answer to who missed something; a message of NATS has at most 1 MiB. */
const REFILL_BYTES_MAX = 524_288;

/** What the relay needs. */
export interface RelayContext {
  readonly store: Store;
  readonly space: string;
  readonly origin: string;
  readonly key32: Uint8Array;
  readonly now_ms: () => number;
  /** Resolves once the broker has it; a second time with the same id changes nothing there. */
  readonly publish: (subject: string, bytes: Uint8Array, id: string) => Promise<void>;
}

/** Publishes what is new; one at a time. */
export class Relay {
  readonly #context: RelayContext;
  #position = 0;
  #prev = 0;
  #isOpen = false;

  constructor(context: RelayContext) {
    this.#context = context;
  }

  /**
   * Publishes every own event behind the cursor. The cursor moves after the acknowledgement: what
   * was published and not yet noted is published again, under the same id.
   */
  async run(isStopped: () => boolean): Promise<void> {
    const { store, now_ms } = this.#context;
    if (!this.#isOpen) await this.#open();
    for (;;) {
      const head = await headOf(store);
      if (this.#position >= head || isStopped()) return;
      const { rows, end } = await readWindow(store, {
        where: [OWN],
        after: this.#position,
        head,
        limit: BATCH_ROWS_MAX,
      });
      for (const row of rows) {
        if (isStopped()) return;
        await this.#publish(row);
      }
      this.#position = Math.max(this.#position, end);
      await store.commit([
        savePosition({ consumer: RELAY, seq: this.#position, now_ms: now_ms() }),
      ]);
    }
  }

  /** What another process missed; and notes how far that is, so that nothing it needs is pruned. */
  async refill(reader: string, after: number): Promise<Refill> {
    const { store, now_ms } = this.#context;
    const consumer = `@feed/${reader}`;
    await openCursor(store, consumer, 'start', now_ms());
    await store.commit([savePosition({ consumer, seq: after, now_ms: now_ms() })]);
    const head = await headOf(store);
    const order = { where: [OWN], after, head, limit: BATCH_ROWS_MAX };
    const { rows, end } = await readWindow(store, order);
    const events: Carried[] = [];
    let prev = after;
    let bytes = 0;
    for (const row of rows) {
      const carried = this.#carried(row, prev);
      bytes += JSON.stringify(carried).length;
      if (bytes > REFILL_BYTES_MAX && events.length > 0)
        return { events, upTo: events.at(-1)?.seq ?? after };
      events.push(carried);
      prev = carried.seq;
    }
    return { events, upTo: Math.max(after, end) };
  }

  async #open(): Promise<void> {
    const { store, now_ms } = this.#context;
    this.#position = await openCursor(store, RELAY, 'start', now_ms());
    const [row] = await store.read(
      'SELECT COALESCE(MAX(seq), 0) AS prev FROM kernel_outbox WHERE origin IS NULL AND seq <= :seq',
      { seq: this.#position },
    );
    this.#prev = Number(row?.['prev']);
    this.#isOpen = true;
  }

  async #publish(row: Row): Promise<void> {
    const { space, key32, publish } = this.#context;
    const carried = this.#carried(row, this.#prev);
    const subject = subjectOf(space, String(row['tenant']), String(row['topic']));
    await publish(subject, seal(key32, carried, subject), String(row['id']));
    this.#prev = carried.seq;
    this.#position = carried.seq;
  }

  #carried(row: Row, prev: number): Carried {
    return { origin: this.#context.origin, seq: Number(row['seq']), prev, row: carriedRow(row) };
  }
}
