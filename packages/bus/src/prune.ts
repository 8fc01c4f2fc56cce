/** Retention: deleting events that nobody waits for any more. */

import type { SqlValue, Store } from '@anarq/store';

import { PRUNE_ROWS_MAX } from './limits.ts';

/** Exact topics: only these, or all but these. */
export type PrunedTopics =
  | { readonly only: readonly string[]; readonly except?: never }
  | { readonly only?: never; readonly except: readonly string[] };

// The writer compares with the cursors in the commit itself: one that was moved back, or made,
// just before is honoured.
const prunable = (which: string): string => `SELECT seq FROM kernel_outbox AS event
  WHERE seq > :after AND seq < :end${which}
    AND seq <= (SELECT COALESCE(MIN(seq), :end) FROM bus_cursor)
    AND NOT EXISTS (SELECT 1 FROM bus_dead WHERE bus_dead.seq = event.seq)
  ORDER BY seq LIMIT :limit`;

/**
 * Deletes the oldest events, up to the first that is not older than `before_ms`, that a consumer
 * has not passed, or that is beyond both; those with a dead letter stay.
 * @param topics only events of these, or of all but these
 * @returns how many were deleted.
 */
export async function pruneOutbox(
  store: Store,
  before_ms: number,
  topics: PrunedTopics = { except: [] },
): Promise<number> {
  const end = await firstSince(store, before_ms);
  const { sql, named } = topicsCondition(topics);
  const PRUNABLE = prunable(sql);
  let deleted = 0;
  for (let after = 0; ;) {
    const params = { ...named, after, end, limit: PRUNE_ROWS_MAX };
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

function topicsCondition(topics: PrunedTopics): {
  readonly sql: string;
  readonly named: Readonly<Record<string, SqlValue>>;
} {
  const [word, list] = topics.only === undefined ? ['NOT IN', topics.except] : ['IN', topics.only];
  if (list.length === 0) return { sql: topics.only === undefined ? '' : ' AND 1 = 0', named: {} };
  const named = Object.fromEntries(list.map((topic, place) => [`topic${place}`, topic]));
  const names = Object.keys(named).map((name) => `:${name}`);
  return { sql: ` AND topic ${word} (${names.join(', ')})`, named };
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
