/** The tables of the bus, and the statements that move a cursor. */

import type { Migration, Statement, Store } from '@anarq/store';

/**
 * The outbox: what modules emitted, written in the commit of the state. Whoever writes it applies
 * these migrations (module 'outbox') before the bus is created. AUTOINCREMENT: the number of a
 * pruned event is never given again, or a cursor would have passed the new one unseen.
 */
export const outboxMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `
CREATE TABLE kernel_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, module TEXT NOT NULL,
  topic TEXT NOT NULL, subject TEXT NOT NULL, data TEXT NOT NULL, record TEXT, at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX kernel_outbox_subject ON kernel_outbox (tenant, subject, seq);
`,
  },
  { id: 2, sql: 'ALTER TABLE kernel_outbox ADD COLUMN traceparent TEXT;' },
  {
    // Who may see an event is decided when it is emitted. What was there before: the operator alone.
    id: 3,
    sql: `
ALTER TABLE kernel_outbox ADD COLUMN viewers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE kernel_outbox ADD COLUMN operation TEXT NOT NULL DEFAULT '';
ALTER TABLE kernel_outbox ADD COLUMN resource TEXT;
`,
  },
  {
    // The process that emitted it, where that is another one of this node.
    id: 4,
    sql: 'ALTER TABLE kernel_outbox ADD COLUMN origin TEXT;',
  },
];

/** Cursors, inboxes and dead letters. */
export const busMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `
CREATE TABLE bus_cursor (
  consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bus_inbox (
  consumer TEXT NOT NULL, event_id TEXT NOT NULL,
  PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bus_inbox_event ON bus_inbox (event_id);

CREATE TABLE bus_dead (
  consumer TEXT NOT NULL, event_id TEXT NOT NULL, seq INTEGER NOT NULL, reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bus_dead_seq ON bus_dead (seq);
`,
  },
  {
    // How far this process has taken over the events of each other one.
    id: 2,
    sql: `
CREATE TABLE bus_feed (
  origin TEXT PRIMARY KEY, seq INTEGER NOT NULL, updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
  },
];

/** Who moves a cursor, where to, when. */
export interface CursorMove {
  readonly consumer: string;
  readonly seq: number;
  readonly now_ms: number;
}

const FORWARD = `UPDATE bus_cursor SET seq = :seq, updated_ms = :now_ms
                 WHERE consumer = :consumer AND seq < :seq`;

/** Passes one event: undoes its whole batch with CONFLICT where the event was passed before. */
export function passEvent(move: CursorMove): Statement {
  return { sql: FORWARD, params: { ...move }, expect: { changes: 1 }, name: 'bus cursor' };
}

/** Saves how far a consumer has looked, where nothing there was for it. */
export function savePosition(move: CursorMove): Statement {
  return { sql: FORWARD, params: { ...move } };
}

/** Moves a cursor back, never forward. */
export function moveBack(move: CursorMove): Statement {
  return {
    sql: `UPDATE bus_cursor SET seq = CASE WHEN seq < :seq THEN seq ELSE :seq END, updated_ms = :now_ms
          WHERE consumer = :consumer`,
    params: { ...move },
    expect: { changes: 1 },
  };
}

/**
 * Makes the cursor where there is none, and answers where it stands. The writer takes commits in
 * order, so 'now' lies exactly between those called before and after.
 */
export async function openCursor(
  store: Store,
  consumer: string,
  from: 'start' | 'now',
  now_ms: number,
): Promise<number> {
  const begin = from === 'now' ? '(SELECT COALESCE(MAX(seq), 0) FROM kernel_outbox)' : '0';
  const [, standing] = await store.commit([
    {
      sql: `INSERT INTO bus_cursor (consumer, seq, updated_ms)
            VALUES (:consumer, ${begin}, :now_ms) ON CONFLICT (consumer) DO NOTHING`,
      params: { consumer, now_ms },
    },
    { sql: 'SELECT seq FROM bus_cursor WHERE consumer = :consumer', params: { consumer } },
  ]);
  return Number(standing?.rows[0]?.['seq']);
}

/** Where a cursor stands in the store; undefined where there is none. */
export async function cursorOf(store: Store, consumer: string): Promise<number | undefined> {
  const sql = 'SELECT seq FROM bus_cursor WHERE consumer = :consumer';
  const [row] = await store.read(sql, { consumer });
  return row === undefined ? undefined : Number(row['seq']);
}
