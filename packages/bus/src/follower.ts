/** One reader of events as they come: from the outbox while it is behind, then from the tail. */

import { BATCH_ROWS_MAX } from './limits.ts';
import { audienceOf, readWindow, tenantCondition, toBusEvent } from './outbox.ts';
import { fromPageCursor, toPageCursor } from './pageCursor.ts';
import type { Tail } from './tail.ts';
import { matches, topicCondition, topicFilter, type TopicFilter } from './topics.ts';
import type { Follow, FollowedEvent, FollowedEvents, FollowOrder } from './types.ts';
import type { Row, Store } from '@anarq/store';

/** What the bus lends to its followers. */
interface FollowerContext {
  readonly store: Store;
  readonly tail: Tail;
  /** The highest number that the bus has seen. */
  readonly head: () => number;
  readonly ended: (follower: Follower) => void;
}

/** Invariant: every event up to `#position` that it may see was answered, and none beyond. */
export class Follower implements Follow {
  readonly #order: FollowOrder;
  readonly #context: FollowerContext;
  readonly #topics: TopicFilter | undefined;
  #position: number;
  #closed = false;
  /** Ends the wait that `next` is in. */
  #wake: () => void = () => {};

  /** @throws QError INPUT_INVALID where cursor or topics are none. */
  constructor(order: FollowOrder, context: FollowerContext) {
    this.#order = order;
    this.#context = context;
    this.#topics = order.topics === undefined ? undefined : topicFilter(order.topics);
    this.#position = positionOf(order, context.head());
  }

  get cursor(): string {
    return toPageCursor(this.#position);
  }

  async next(): Promise<FollowedEvents | undefined> {
    while (!this.#closed) {
      const rows = this.#context.tail.after(this.#position);
      if (rows?.length === 0) {
        await this.#news();
        continue;
      }
      const events = rows === undefined ? await this.#older() : await this.#take(rows);
      if (events.length > 0) return { events };
    }
    return undefined;
  }

  /** Says that there are new events in the tail. */
  poke(): void {
    this.#wake();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    this.#context.ended(this);
  }

  async #older(): Promise<FollowedEvent[]> {
    const { store, head } = this.#context;
    const topics = this.#topics === undefined ? [] : [topicCondition(this.#topics)];
    const { rows, end } = await readWindow(store, {
      where: [tenantCondition(this.#order.tenant), ...topics],
      after: this.#position,
      head: head(),
      limit: BATCH_ROWS_MAX,
    });
    const events = await this.#take(rows);
    this.#position = Math.max(this.#position, end);
    return events;
  }

  async #take(rows: readonly Row[]): Promise<FollowedEvent[]> {
    const events: FollowedEvent[] = [];
    for (const row of rows) if (await this.#isFor(row)) events.push(followed(row));
    this.#position = Math.max(this.#position, Number(rows.at(-1)?.['seq'] ?? 0));
    return events;
  }

  async #isFor(row: Row): Promise<boolean> {
    if (row['tenant'] !== this.#order.tenant) return false;
    if (this.#topics !== undefined && !matches(this.#topics, String(row['topic']))) return false;
    return this.#order.sees(audienceOf(row));
  }

  /** Waits for news. Entered in the turn in which the tail had none, so that none is missed. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/** A cursor beyond the end is one of a store that this one was restored from; nothing is skipped. */
const positionOf = ({ after }: FollowOrder, head: number): number =>
  after === undefined ? head : Math.min(head, fromPageCursor(after));

const followed = (row: Row): FollowedEvent => ({
  event: toBusEvent(row),
  cursor: toPageCursor(Number(row['seq'])),
});
