/** One consumer's loop: one event after the other, until it is closed. */

import type { Row } from '@anarq/store';

import { attempt, attemptAgain, buryStatements, failedAgain } from './delivery.ts';
import { BATCH_ROWS_MAX, WINDOW_ROWS_MAX, type BusLimits } from './limits.ts';
import { readWindow, tenantCondition, type Window } from './outbox.ts';
import { cursorOf, moveBack, openCursor, savePosition, type CursorMove } from './tables.ts';
import {
  matches,
  topicCondition,
  topicFilter,
  type Condition,
  type TopicFilter,
} from './topics.ts';
import type { BusFailure, BusOptions, SubscribeOptions, Subscription } from './types.ts';

/** What the bus lends to its subscribers. */
export type SubscriberContext = Pick<BusOptions, 'store' | 'now_ms'> & {
  readonly limits: BusLimits;
  /** The highest number that the bus has seen: events beyond it wait for the next look. */
  readonly head: () => number;
  readonly tell: (failure: BusFailure) => void;
  /** Called once, when the loop has ended. */
  readonly ended: (subscriber: Subscriber) => void;
};

interface Replay {
  readonly target: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A dead letter that is to be tried again. */
interface Letter {
  readonly row: Row;
  readonly resolve: (isTaken: boolean) => void;
}

/** Milliseconds to wait after so many failures: doubles from the least to the most. */
export function retryDelay_ms(
  failures: number,
  { retry_min_ms, retry_max_ms }: Pick<BusLimits, 'retry_min_ms' | 'retry_max_ms'>,
): number {
  return Math.min(retry_max_ms, retry_min_ms * 2 ** Math.min(failures - 1, 30));
}

/** A running subscription. Invariant: every matching event up to `#position` is dealt with. */
export class Subscriber implements Subscription {
  readonly consumer: string;
  readonly #options: SubscribeOptions;
  readonly #context: SubscriberContext;
  readonly #topics: TopicFilter;
  readonly #where: readonly Condition[];
  readonly #replays: Replay[] = [];
  readonly #letters: Letter[] = [];
  readonly #running: Promise<void>;
  #position = 0;
  #saved = 0;
  /** Set while the loop sleeps because all that the bus has seen is dealt with. */
  #idle = false;
  #closing = false;
  /** Ends the wait that the loop is in. */
  #interrupt: () => void = () => {};

  /** @throws QError INPUT_INVALID where the topics are none. */
  constructor(options: SubscribeOptions, context: SubscriberContext) {
    const { tenant } = options;
    this.consumer = options.consumer;
    this.#options = options;
    this.#context = context;
    this.#topics = topicFilter(options.topics);
    this.#where = [topicCondition(this.#topics)];
    if (tenant !== undefined) this.#where = [...this.#where, tenantCondition(tenant)];
    this.#running = this.#run();
  }

  /** Every matching event up to here is dealt with. */
  get position(): number {
    return this.#position;
  }

  close(): Promise<void> {
    this.#closing = true;
    this.#interrupt();
    return this.#running;
  }

  /** Whether an event of this topic and tenant is for this consumer. */
  wants(topic: string, tenant: string): boolean {
    const { tenant: only } = this.#options;
    return (only === undefined || only === tenant) && matches(this.#topics, topic);
  }

  /** Says that there are new events for this consumer, which `head` covers already. */
  poke(): void {
    if (!this.#idle) return;
    this.#idle = false;
    this.#interrupt();
  }

  /** Says that nothing up to this number was for this consumer, where it waited. */
  lift(seen: number): void {
    if (!this.#idle) return;
    this.#position = Math.max(this.#position, seen);
    if (this.#isFarAhead()) this.poke();
  }

  /** Makes durable how far this consumer is, where that was not yet needed. */
  async save(): Promise<void> {
    if (this.#position <= this.#saved) return;
    const seq = this.#position;
    await this.#context.store.commit([savePosition(this.#move(seq))]);
    this.#saved = seq;
  }

  /** Moves the cursor back to `target`, between two events. */
  replay(target: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#replays.push({ target, resolve, reject });
      this.#interrupt();
    });
  }

  /** Tries a dead letter again, between two events; whether it was taken. */
  again(row: Row): Promise<boolean> {
    return new Promise((resolve) => {
      this.#letters.push({ row, resolve });
      this.#interrupt();
    });
  }

  async #run(): Promise<void> {
    const { store, now_ms, head } = this.#context;
    const { from = 'start' } = this.#options;
    const open = () => openCursor(store, this.consumer, from, now_ms());
    this.#position = this.#saved = (await this.#insist(open)) ?? 0;
    while (!this.#closing) {
      await this.#moveBack();
      await this.#tryLetters();
      if (this.#isFarAhead()) await this.#insist(() => this.save());
      if (this.#position >= head()) await this.#rest();
      else await this.#takeBatch();
    }
    // Lost at worst: what was looked through in vain is looked through again.
    await this.save().catch((error: unknown) => this.#tell({ dead: false, error }));
    while (this.#replays.length > 0) await this.#moveBack();
    for (const { resolve } of this.#letters.splice(0)) resolve(false);
    this.#context.ended(this);
  }

  async #takeBatch(): Promise<void> {
    const window = await this.#insist(() => this.#nextWindow());
    for (const row of window?.rows ?? []) {
      if (this.#hasOrders()) return;
      if (row['done'] !== 1 && !(await this.#settle(row))) return;
      this.#position = Math.max(this.#position, Number(row['seq']));
    }
    if (window !== undefined) this.#position = Math.max(this.#position, window.end);
  }

  #nextWindow(): Promise<Window> {
    return readWindow(this.#context.store, {
      where: this.#where,
      after: this.#position,
      head: this.#context.head(),
      limit: BATCH_ROWS_MAX,
      ...(this.#options.once === true ? { inboxOf: this.consumer } : {}),
    });
  }

  /** Deals with one event, however often it takes. False where the loop must look anew. */
  async #settle(row: Row): Promise<boolean> {
    const { limits, store, now_ms } = this.#context;
    const event = { event_id: String(row['id']), seq: Number(row['seq']) };
    let failures = 0;
    for (let tries = 1; ; tries += 1) {
      const result = await attempt(row, this.#options, { store, now_ms, ...limits });
      if (result.kind === 'moved') {
        this.#position = this.#saved = result.cursor;
        return false;
      }
      if (result.kind === 'passed') {
        this.#saved = event.seq;
        return true;
      }
      const { error } = result;
      if (result.counts) failures += 1;
      const dead = failures >= limits.attempts_max && (await this.#bury(row, error));
      this.#tell({ ...event, dead, error });
      if (dead) return true;
      if (this.#hasOrders()) return false;
      await this.#pause(retryDelay_ms(tries, limits));
      if (this.#hasOrders()) return false;
    }
  }

  /** Sets an event aside; whether it is passed now. */
  async #bury(row: Row, reason: unknown): Promise<boolean> {
    const { store, now_ms } = this.#context;
    const seq = Number(row['seq']);
    try {
      await store.commit(buryStatements(row, this.consumer, reason, now_ms()));
      this.#saved = seq;
      return true;
    } catch (error) {
      this.#tell({ seq, dead: false, error });
      // Where the outcome is unknown, or another bus was faster, the cursor knows.
      const cursor = await cursorOf(store, this.consumer).catch(() => undefined);
      return cursor !== undefined && cursor >= seq;
    }
  }

  async #moveBack(): Promise<void> {
    for (const { target, resolve, reject } of this.#replays.splice(0)) {
      // Before the commit is called: a `save` called after it must not undo it.
      this.#position = Math.min(this.#position, target);
      this.#saved = Math.min(this.#saved, target);
      const moved = this.#context.store.commit([moveBack(this.#move(target))]);
      await moved.then(resolve, reject);
    }
  }

  async #tryLetters(): Promise<void> {
    const { limits, store, now_ms } = this.#context;
    for (const { row, resolve } of this.#letters.splice(0)) {
      const result = await attemptAgain(row, this.#options, { store, now_ms, ...limits });
      if (result.kind === 'failed') {
        this.#tell({ event_id: String(row['id']), dead: true, error: result.error });
        const noted = failedAgain(row, this.consumer, result.error, now_ms());
        await store.commit(noted).catch((error: unknown) => this.#tell({ dead: false, error }));
      }
      resolve(result.kind === 'passed');
    }
  }

  /** Sleeps until there is something to do. */
  async #rest(): Promise<void> {
    if (this.#hasOrders()) return;
    this.#idle = true;
    await new Promise<void>((resolve) => (this.#interrupt = resolve));
    this.#idle = false;
  }

  /** Does what any event needs, until it works; undefined where the loop is to end before. */
  async #insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let tries = 1; !this.#closing; tries += 1) {
      try {
        return await work();
      } catch (error) {
        this.#tell({ dead: false, error });
        if (!this.#closing) await this.#pause(retryDelay_ms(tries, this.#context.limits));
      }
    }
    return undefined;
  }

  async #pause(delay_ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#interrupt = resolve;
      timer = setTimeout(resolve, delay_ms).unref();
    });
    clearTimeout(timer);
  }

  /** Or a consumer of rare events would look through very many again after a restart. */
  #isFarAhead(): boolean {
    return this.#position - this.#saved >= WINDOW_ROWS_MAX;
  }

  #hasOrders(): boolean {
    return this.#closing || this.#replays.length > 0 || this.#letters.length > 0;
  }

  #move(seq: number): CursorMove {
    return { consumer: this.consumer, seq, now_ms: this.#context.now_ms() };
  }

  #tell(failure: BusFailure): void {
    this.#context.tell({ consumer: this.consumer, ...failure });
  }
}
