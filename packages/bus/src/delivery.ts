/** One attempt at one event: the handler, then its statements and the cursor in one commit. */

import { StoreError, type Row, type Statement } from '@anarq/store';

import { REASON_CHARS_MAX } from './limits.ts';
import { toBusEvent } from './outbox.ts';
import { cursorOf, passEvent } from './tables.ts';
import type { BusOptions, SubscribeOptions } from './types.ts';

/** What came of an attempt. */
export type Attempt =
  | { readonly kind: 'passed' }
  /** The cursor stands elsewhere than we believed: the event was passed already. */
  | { readonly kind: 'moved'; readonly cursor: number }
  /** `counts`: the event or its handler is at fault, not the store. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly counts: boolean };

/** What an attempt needs. */
export type DeliveryContext = Pick<BusOptions, 'store' | 'now_ms'> & {
  readonly handler_timeout_ms: number;
};

/** Hands an event to its handler and commits what it returns. Never throws. */
export async function attempt(
  row: Row,
  to: SubscribeOptions,
  context: DeliveryContext,
): Promise<Attempt> {
  let effects: readonly Statement[];
  try {
    effects = (await within(context.handler_timeout_ms, to.handle(toBusEvent(row)))) ?? [];
  } catch (error) {
    return { kind: 'failed', error, counts: true };
  }
  return await pass(row, to, context, effects);
}

async function pass(
  row: Row,
  to: SubscribeOptions,
  { store, now_ms }: DeliveryContext,
  effects: readonly Statement[],
): Promise<Attempt> {
  const seq = Number(row['seq']);
  const { consumer } = to;
  const key = { consumer, event_id: String(row['id']) };
  try {
    await store.commit([
      ...(to.once === true ? [remember(key)] : []),
      ...effects,
      {
        sql: 'DELETE FROM bus_dead WHERE consumer = :consumer AND event_id = :event_id',
        params: key,
      },
      passEvent({ consumer, seq, now_ms: now_ms() }),
    ]);
    return { kind: 'passed' };
  } catch (error) {
    // The outcome may be unknown, or another bus was faster: the cursor knows.
    const cursor = await cursorOf(store, consumer).catch(() => undefined);
    if (cursor !== undefined && cursor >= seq) return { kind: 'moved', cursor };
    return { kind: 'failed', error, counts: cursor !== undefined && isOfTheStatements(error) };
  }
}

/**
 * Hands a dead letter to its handler once more, and commits what that returns with the end of the
 * letter: of several that try at once, one does. Never throws.
 */
export async function attemptAgain(
  row: Row,
  to: SubscribeOptions,
  context: DeliveryContext,
): Promise<Attempt> {
  const { consumer, once } = to;
  const key = { consumer, event_id: String(row['id']) };
  try {
    const effects = (await within(context.handler_timeout_ms, to.handle(toBusEvent(row)))) ?? [];
    await context.store.commit([
      {
        sql: 'DELETE FROM bus_dead WHERE consumer = :consumer AND event_id = :event_id',
        params: key,
        expect: { changes: 1 },
        name: 'dead letter',
      },
      ...(once === true ? [remember(key)] : []),
      ...effects,
    ]);
    return { kind: 'passed' };
  } catch (error) {
    return { kind: 'failed', error, counts: true };
  }
}

/** Notes why a dead letter failed again. */
export function failedAgain(
  row: Row,
  consumer: string,
  error: unknown,
  now_ms: number,
): readonly Statement[] {
  return [
    {
      sql: `UPDATE bus_dead SET reason = :reason, at_ms = :at_ms
            WHERE consumer = :consumer AND event_id = :event_id`,
      params: { consumer, event_id: String(row['id']), reason: reasonOf(error), at_ms: now_ms },
    },
  ];
}

const reasonOf = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);

/** The event as a dead letter, and the cursor past it. */
export function buryStatements(
  row: Row,
  consumer: string,
  error: unknown,
  now_ms: number,
): readonly Statement[] {
  const seq = Number(row['seq']);
  const reason = reasonOf(error);
  return [
    {
      sql: `INSERT INTO bus_dead (consumer, event_id, seq, reason, at_ms)
            VALUES (:consumer, :event_id, :seq, :reason, :at_ms)
            ON CONFLICT (consumer, event_id) DO UPDATE SET reason = :reason, at_ms = :at_ms`,
      params: { consumer, event_id: String(row['id']), seq, reason, at_ms: now_ms },
    },
    passEvent({ consumer, seq, now_ms }),
  ];
}

function remember(params: { consumer: string; event_id: string }): Statement {
  const sql = 'INSERT INTO bus_inbox (consumer, event_id) VALUES (:consumer, :event_id)';
  return { sql, params, name: 'bus inbox' };
}

/** A full disk or a busy store would fail any event: it makes none a dead letter. */
function isOfTheStatements(error: unknown): boolean {
  const ofTheStore: readonly string[] = ['BUSY', 'FULL', 'CLOSED', 'CORRUPT', 'FAILED'];
  return !(error instanceof StoreError && ofTheStore.includes(error.code));
}

async function within<T>(limit_ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the handler did not end within ${limit_ms} ms`;
    timer = setTimeout(() => reject(new Error(message)), limit_ms).unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
