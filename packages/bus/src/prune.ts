/** Retention: deleting events that nobody waits for any more. */

import type { Store } from '@anarq/store';

import { PRUNE_ROWS_MAX } from './limits.ts';

// The writer compares with the cursors in the commit itself: one that was moved back, or made,
// just before is honoured.
const PRUNABLE = `SELECT seq FROM kernel_outbox AS event
  WHERE seq > :after AND seq < :end
    AND seq <= (SELECT COALESCE(MIN(seq), :end) FROM bus_cursor)
    AND NOT EXISTS (SELECT 1 FROM bus_dead WHERE bus_dead.seq = event.seq)
  ORDER BY seq LIMIT :limit`;

/**
 * Deletes the oldest events, up to the first that is not older than `before_ms`, that a consumer
 * has not passed, or that is beyond both; those with a dead letter stay.
 * @returns how many were deleted.
 */
export async function pruneOutbox(store: Store, before_ms: number): Promise<number> {
  const end = await firstSince(store, before_ms);
  let deleted = 0;
  for (let after = 0; ;) {
    const params = { after, end, limit: PRUNE_ROWS_MAX };
    const [last, , gone] = await store.commit([
      { sql: `SELECT MAX(seq) AS last FROM (${PRUNABLE}) AS prunable`, params },
      {
        // An event that cannot come again need not be remembered.
        sql: `DELETE FROM bus_inbox WHERE event_id IN
              (SELECT id FROM kernel_outbox WHERE seq IN (${PRUNABLE}))`,
        params,
      },
      { sql: `DELETE FROM kernel_outbox WHERE seq IN (${PRUNABLE})`, params },
    ]);
    const changes = gone?.changes ?? 0;
    deleted += changes;
    if (changes < PRUNE_ROWS_MAX) return deleted;
    after = Number(last?.rows[0]?.['last']);
  }
}

/** The number of the oldest event that is not older; one more than the last where all are. */
async function firstSince(store: Store, before_ms: number): Promise<number> {
  const [young] = await store.read(
    'SELECT seq FROM kernel_outbox WHERE at_ms >= :before_ms ORDER BY seq LIMIT 1',
    { before_ms },
  );
  if (young !== undefined) return Number(young['seq']);
  const [row] = await store.read('SELECT COALESCE(MAX(seq), 0) + 1 AS next FROM kernel_outbox');
  return Number(row?.['next']);
}
