/** What the callers of the bus see. */

import type { Statement, Store } from '@anarq/store';

import type { BusLimits } from './limits.ts';
import type { PrunedTopics } from './prune.ts';

/**
 * An event as a CloudEvent 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md);
 * its JSON is the structured content mode.
 */
export interface BusEvent {
  readonly specversion: '1.0';
  /** Unique on the node. */
  readonly id: string;
  /** `/modules/<module>` */
  readonly source: string;
  /** The topic, `q.<module>(.<part>)+.v<N>`. */
  readonly type: string;
  /** What the event is about; absent where the contract names no subject. */
  readonly subject?: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** `$id` of the schema of `data`; a surface that serves the schema gives its URL instead. */
  readonly dataschema: string;
  readonly data: unknown;
  /** Extension: the tenant whose event it is. */
  readonly qtenant: string;
  /** Extension: CID of the record of the call that emitted it. */
  readonly record?: string;
  /** Extension (CloudEvents distributed tracing): the trace of the call that emitted it. */
  readonly traceparent?: string;
  /** Extension: its number in the outbox; ascends, with gaps. */
  readonly seq: number;
}

/** Everybody of the tenant, as a viewer. */
export const EVERYBODY = '*';

/** Who an event is for. */
export interface EventAudience {
  readonly tenant: string;
  /** DIDs; CIDs of the grants under which it came about; or `*` for everybody of the tenant. */
  readonly viewers: ReadonlySet<string>;
  /** The operation that emitted it: who holds a grant of a viewer for it may see it. */
  readonly operation: string;
  /** The resource that the operation acted on. */
  readonly resource?: string;
}

/** What `subscribe` takes. */
export interface SubscribeOptions {
  /** Name of the cursor: 1 to 128 characters of `A-Z a-z 0-9 . _ : / -`. */
  readonly consumer: string;
  /** Exact topics, or prefixes that end in `.*` (`q.qmarket.*`). */
  readonly topics: readonly string[];
  /** Where a consumer without a cursor begins. Default 'start'. */
  readonly from?: 'start' | 'now';
  /** Only the events of this tenant. */
  readonly tenant?: string;
  /** Remember each event in the inbox and skip it when a replay brings it again. */
  readonly once?: boolean;
  /**
   * Called with one event at a time, in order of `seq`, at least once each. The statements it
   * returns are committed together with the cursor, so their effect happens once. A call that
   * exceeds its time counts as failed and what it returns is dropped, but nothing can stop it: it
   * may still run beside the next attempt.
   */
  readonly handle: (event: BusEvent) => Promise<readonly Statement[] | void>;
}

/** A running subscription. */
export interface Subscription {
  readonly consumer: string;
  /** Ends after the event in hand; the cursor stays for the next `subscribe`. */
  close(): Promise<void>;
}

/** A failure that `onError` is told of. */
export interface BusFailure {
  /** Whose; absent where the bus itself could not look for events. */
  readonly consumer?: string;
  readonly event_id?: string;
  readonly seq?: number;
  /** The event became a dead letter and the cursor moved on. */
  readonly dead: boolean;
  readonly error: unknown;
}

/** An event that a consumer failed on until it was set aside. */
export interface DeadLetter {
  readonly event_id: string;
  readonly seq: number;
  readonly reason: string;
  readonly at_ms: number;
}

/** How far behind a consumer is. */
export interface Lag {
  readonly consumer: string;
  /** Numbers of the outbox after where it stands; not all of them need be for it. */
  readonly events: number;
  /** When the first of them happened; absent where there is none. */
  readonly oldest_ms?: number;
}

/** Somebody who reads with a cursor of its own. */
export interface Consumer {
  readonly consumer: string;
  /** Number of the last event that it passed. */
  readonly seq: number;
  /** Number of the newest event. */
  readonly head: number;
  readonly updated_ms: number;
  readonly dead: number;
  /** It is subscribed in this process. */
  readonly isRunning: boolean;
}

/** What `read` takes. */
export interface EventQuery {
  readonly tenant: string;
  /** `next` of an earlier page; without it, from the oldest event that is kept. */
  readonly after?: string;
  readonly topics?: readonly string[];
  readonly subject?: string;
  /** 1 to 200. Default 100. */
  readonly limit?: number;
  /** Leaves out what the reader may not see. Default: nothing. */
  readonly sees?: (audience: EventAudience) => boolean | Promise<boolean>;
}

/** What `follow` takes. */
export interface FollowOrder extends Omit<EventQuery, 'limit' | 'subject'> {
  readonly sees: (audience: EventAudience) => boolean | Promise<boolean>;
}

/**
 * Events as they come, from a cursor on: first what is kept, then what is new, without a gap and
 * without one twice. Nothing is buffered for a slow reader: what it has not asked for lies in the
 * outbox.
 */
export interface Follow {
  /** The next events; waits until there are some. Undefined once it is closed. One at a time. */
  next(): Promise<FollowedEvents | undefined>;
  /** Where it stands: everything visible up to here was answered. */
  readonly cursor: string;
  close(): void;
}

/** What `next` answers. */
export interface FollowedEvents {
  readonly events: readonly FollowedEvent[];
}

/** An event, and the cursor behind it. */
export interface FollowedEvent {
  readonly event: BusEvent;
  readonly cursor: string;
}

/** A page of events, oldest first. */
export interface EventPage {
  /** May be fewer than the limit, even none, while `more` is true. */
  readonly events: readonly BusEvent[];
  /** Where to go on; also later, when there are new events. */
  readonly next: string;
  readonly more: boolean;
}

/** The embedded bus over the outbox of one store. */
export interface Bus {
  /**
   * Starts delivering. An existing cursor is resumed whatever `from` says, also where the topics
   * are others than before.
   * @throws QError INPUT_INVALID, STATE_CONFLICT (the consumer is subscribed), LIMIT_EXCEEDED,
   * SERVICE_UNAVAILABLE (closed).
   */
  subscribe(options: SubscribeOptions): Subscription;
  /** Says that events were committed. Cheap: many calls in one turn are one look. */
  wake(): void;
  /** @throws QError INPUT_INVALID for a cursor, topic or limit that is none. */
  read(query: EventQuery): Promise<EventPage>;
  /**
   * Follows the events of a tenant; without `after`, from now on.
   * @throws QError INPUT_INVALID for a cursor or topic that is none, SERVICE_UNAVAILABLE (closed).
   */
  follow(order: FollowOrder): Follow;
  /**
   * Moves a consumer's cursor back, so that the kept events from `fromSeq` on come again; never
   * forward. Resolves when the cursor is durable, after the event in hand.
   * @throws QError QINDEX_NOT_FOUND where there is no such consumer.
   */
  replay(consumer: string, fromSeq: number): Promise<void>;
  /** The consumer's dead letters, oldest first, at most 200. A replay that succeeds removes them. */
  dead(consumer: string): Promise<readonly DeadLetter[]>;
  /**
   * Deletes the events older than `before_ms` that every consumer has passed, up to the first one
   * that is younger. An event with a dead letter stays.
   * @param topics exact ones: only these, or all but these. Default: all.
   * @returns how many.
   */
  prune(before_ms: number, topics?: PrunedTopics): Promise<number>;
  /** Every consumer with a cursor: where it stands, and how many dead letters it has. At most 1,000. */
  consumers(): Promise<readonly Consumer[]>;
  /**
   * Hands one dead letter to its consumer again, between two events, beside the order of the others.
   * @returns whether the consumer took it; a letter that it did not take stays, with the new reason.
   * @throws QError QINDEX_NOT_FOUND (no such letter), STATE_CONFLICT (the consumer does not run here).
   */
  retryDead(consumer: string, eventId: string): Promise<boolean>;
  /**
   * Removes the cursor, inbox and dead letters of a consumer that will not come back: its cursor
   * would hold `prune` forever.
   * @throws QError STATE_CONFLICT where it is subscribed.
   */
  forget(consumer: string): Promise<void>;
  /** How far behind each running subscription is. */
  lags(): Promise<readonly Lag[]>;
  /** Ends every subscription after the event in hand. Safe to call again. */
  close(): Promise<void>;
}

/** What `createBus` takes. */
export interface BusOptions {
  /** A store that `outboxMigrations` were applied to. */
  readonly store: Store;
  /** The clock, milliseconds since 1970. */
  readonly now_ms: () => number;
  /** Told of every failed attempt and every dead letter. What it throws is ignored. */
  readonly onError: (failure: BusFailure) => void;
  /** Other limits than the default ones. */
  readonly limits?: Partial<BusLimits>;
}
