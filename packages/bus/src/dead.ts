/** Who reads, and what each could not deal with. */

import type { Row, Store } from '@anarq/store';

import { SUBSCRIPTIONS_MAX } from './limits.ts';
import { eventRow, headOf } from './outbox.ts';
import type { Consumer } from './types.ts';

/** Every consumer with a cursor, by name. */
export async function consumersOf(store: Store): Promise<Omit<Consumer, 'isRunning'>[]> {
  const head = await headOf(store);
  const rows = await store.read(
    `SELECT consumer, seq, updated_ms,
       (SELECT COUNT(*) FROM bus_dead WHERE bus_dead.consumer = bus_cursor.consumer) AS dead
     FROM bus_cursor ORDER BY consumer LIMIT :limit`,
    { limit: SUBSCRIPTIONS_MAX },
  );
  return rows.map((row) => ({
    consumer: String(row['consumer']),
    seq: Number(row['seq']),
    head,
    updated_ms: Number(row['updated_ms']),
    dead: Number(row['dead']),
  }));
}

/** The event of a dead letter as it lies in the outbox, where prune leaves it. */
export async function deadRow(
  store: Store,
  consumer: string,
  event_id: string,
): Promise<Row | undefined> {
  const [letter] = await store.read(
    'SELECT seq FROM bus_dead WHERE consumer = :consumer AND event_id = :event_id',
    { consumer, event_id },
  );
  return letter === undefined ? undefined : await eventRow(store, Number(letter['seq']));
}
