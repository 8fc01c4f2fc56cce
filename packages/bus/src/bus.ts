/** The bus: wakes the subscriptions that new events are for. */

import { fail } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';

import {
  defaultLimits,
  FOLLOWERS_MAX,
  PAGE_ROWS_MAX,
  SCAN_ROWS_MAX,
  SUBSCRIPTIONS_MAX,
  type BusLimits,
} from './limits.ts';
import { headOf, lagOf } from './outbox.ts';
import { Follower } from './follower.ts';
import { readPage } from './page.ts';
import { consumersOf, deadRow } from './dead.ts';
import { pruneOutbox, type PrunedTopics } from './prune.ts';
import { Subscriber } from './subscriber.ts';
import { busMigrations, moveBack } from './tables.ts';
import { Tail } from './tail.ts';
import type {
  Bus,
  BusFailure,
  BusOptions,
  Consumer,
  DeadLetter,
  EventPage,
  EventQuery,
  Lag,
  Follow,
  FollowOrder,
  SubscribeOptions,
  Subscription,
} from './types.ts';

const CONSUMER = /^[A-Za-z0-9._:/-]{1,128}$/;

/**
 * Opens the bus over the outbox of a store, and brings its own tables up to date.
 * @throws StoreError, where `outboxMigrations` were not applied too.
 */
export async function createBus(options: BusOptions): Promise<Bus> {
  await options.store.migrate('bus', busMigrations);
  return new EmbeddedBus(options, await headOf(options.store));
}

class EmbeddedBus implements Bus {
  readonly #options: BusOptions;
  readonly #store: Store;
  readonly #limits: BusLimits;
  readonly #subscribers = new Map<string, Subscriber>();
  readonly #followers = new Set<Follower>();
  readonly #tail: Tail;
  readonly #safety: NodeJS.Timeout;
  /** Every event up to here was shown to every subscriber. */
  #seen: number;
  #scheduled = false;
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #closed = false;

  constructor(options: BusOptions, head: number) {
    this.#options = options;
    this.#store = options.store;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#seen = head;
    this.#tail = new Tail(options.store, head);
    this.#safety = setInterval(() => this.wake(), this.#limits.safety_ms).unref();
  }

  subscribe(options: SubscribeOptions): Subscription {
    const { consumer } = options;
    if (this.#closed) fail('SERVICE_UNAVAILABLE', 'The bus is closed.');
    if (!CONSUMER.test(consumer)) fail('INPUT_INVALID', 'This is no name for a consumer.');
    if (this.#subscribers.has(consumer)) throwSubscribed(consumer);
    if (this.#subscribers.size >= SUBSCRIPTIONS_MAX) {
      const limit = { limit: 'subscriptions', max: SUBSCRIPTIONS_MAX };
      fail('LIMIT_EXCEEDED', `At most ${SUBSCRIPTIONS_MAX} subscriptions.`, limit);
    }
    const subscriber = new Subscriber(options, {
      store: this.#store,
      now_ms: this.#options.now_ms,
      limits: this.#limits,
      head: () => this.#seen,
      tell: (failure) => this.#tell(failure),
      ended: (ended) => this.#subscribers.delete(ended.consumer),
    });
    this.#subscribers.set(consumer, subscriber);
    return subscriber;
  }

  wake(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#lookAgain = true;
      this.#looking ??= this.#look();
    });
  }

  read(query: EventQuery): Promise<EventPage> {
    return readPage(this.#store, query);
  }

  follow(order: FollowOrder): Follow {
    if (this.#closed) fail('SERVICE_UNAVAILABLE', 'The bus is closed.');
    if (this.#followers.size >= FOLLOWERS_MAX) {
      const limit = { limit: 'followers', max: FOLLOWERS_MAX };
      fail('LIMIT_EXCEEDED', `At most ${FOLLOWERS_MAX} readers follow at a time.`, limit);
    }
    // Nobody followed, so nothing was read for it.
    if (this.#followers.size === 0) this.#tail.reset(this.#seen);
    const follower = new Follower(order, {
      store: this.#store,
      tail: this.#tail,
      head: () => this.#seen,
      ended: (ended) => this.#followers.delete(ended),
    });
    this.#followers.add(follower);
    return follower;
  }

  async replay(consumer: string, fromSeq: number): Promise<void> {
    if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) {
      fail('INPUT_INVALID', 'fromSeq is the number of an event, 1 or more.');
    }
    const running = this.#subscribers.get(consumer);
    if (running !== undefined) return await running.replay(fromSeq - 1);
    const now_ms = this.#options.now_ms();
    const [known] = await this.#store.read('SELECT 1 FROM bus_cursor WHERE consumer = :consumer', {
      consumer,
    });
    if (known === undefined) fail('QINDEX_NOT_FOUND', `There is no consumer ${consumer}.`);
    await this.#store.commit([moveBack({ consumer, seq: fromSeq - 1, now_ms })]);
  }

  async dead(consumer: string): Promise<readonly DeadLetter[]> {
    const rows = await this.#store.read(
      `SELECT event_id, seq, reason, at_ms FROM bus_dead WHERE consumer = :consumer
       ORDER BY seq LIMIT :limit`,
      { consumer, limit: PAGE_ROWS_MAX },
    );
    return rows.map((row) => ({
      event_id: String(row['event_id']),
      seq: Number(row['seq']),
      reason: String(row['reason']),
      at_ms: Number(row['at_ms']),
    }));
  }

  async lags(): Promise<readonly Lag[]> {
    const head = await headOf(this.#store);
    return await Promise.all(
      [...this.#subscribers.values()].map(({ consumer, position }) =>
        lagOf(this.#store, consumer, position, head),
      ),
    );
  }

  async prune(before_ms: number, topics?: PrunedTopics): Promise<number> {
    await Promise.all([...this.#subscribers.values()].map((subscriber) => subscriber.save()));
    return await pruneOutbox(this.#store, before_ms, topics);
  }

  async consumers(): Promise<readonly Consumer[]> {
    const found = await consumersOf(this.#store);
    return found.map((each) => ({ ...each, isRunning: this.#subscribers.has(each.consumer) }));
  }

  async retryDead(consumer: string, eventId: string): Promise<boolean> {
    const row = await deadRow(this.#store, consumer, eventId);
    if (row === undefined)
      return fail('QINDEX_NOT_FOUND', `${consumer} has no dead letter ${eventId.slice(0, 128)}.`);
    const subscriber = this.#subscribers.get(consumer);
    if (subscriber === undefined)
      return fail('STATE_CONFLICT', `${consumer} does not run in this process.`, {
        state: 'not running',
      });
    return await subscriber.again(row);
  }

  async forget(consumer: string): Promise<void> {
    if (this.#subscribers.has(consumer)) throwSubscribed(consumer);
    const params = { consumer };
    await this.#store.commit([
      { sql: 'DELETE FROM bus_cursor WHERE consumer = :consumer', params },
      { sql: 'DELETE FROM bus_inbox WHERE consumer = :consumer', params },
      { sql: 'DELETE FROM bus_dead WHERE consumer = :consumer', params },
    ]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#safety);
    for (const follower of this.#followers) follower.close();
    await this.#looking;
    await Promise.all([...this.#subscribers.values()].map((subscriber) => subscriber.close()));
  }

  async #look(): Promise<void> {
    try {
      while (this.#lookAgain && !this.#closed) {
        this.#lookAgain = false;
        while ((await this.#lookOnce()) === SCAN_ROWS_MAX && !this.#closed);
      }
    } catch (error) {
      // The safety timer looks again.
      this.#tell({ dead: false, error });
    } finally {
      this.#looking = null;
    }
  }

  /** Shows the next new events to all; answers how many there were. */
  async #lookOnce(): Promise<number> {
    const rows = await this.#store.read(
      'SELECT seq, topic, tenant FROM kernel_outbox WHERE seq > :seen ORDER BY seq LIMIT :limit',
      { seen: this.#seen, limit: SCAN_ROWS_MAX },
    );
    const kinds = new Map(
      rows.map((row) => {
        const kind = { topic: String(row['topic']), tenant: String(row['tenant']) };
        return [JSON.stringify(kind), kind];
      }),
    );
    // Before anyone is told: a subscriber that is at work compares with it when it is done.
    this.#seen = Number(rows.at(-1)?.['seq'] ?? this.#seen);
    for (const subscriber of this.#subscribers.values()) {
      const wanted = kinds.values().some(({ topic, tenant }) => subscriber.wants(topic, tenant));
      if (wanted) subscriber.poke();
      else subscriber.lift(this.#seen);
    }
    await this.#tellFollowers();
    return rows.length;
  }

  async #tellFollowers(): Promise<void> {
    if (this.#followers.size === 0) return;
    await this.#tail.load(this.#seen);
    for (const follower of this.#followers) follower.poke();
  }

  #tell(failure: BusFailure): void {
    try {
      this.#options.onError(failure);
    } catch {
      // Reporting must not stop the delivery that it reports on.
    }
  }
}

function throwSubscribed(consumer: string): never {
  return fail('STATE_CONFLICT', `${consumer} is subscribed; close that subscription first.`, {
    state: 'subscribed',
  });
}
