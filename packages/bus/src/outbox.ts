/** Reading the outbox: in windows, so that no query walks over the whole table for a rare topic. */

import { StoreError, type Row, type SqlValue, type Store } from '@anarq/store';

import { WINDOW_ROWS_MAX } from './limits.ts';
import type { Condition } from './topics.ts';
import { eventSchemaId } from '@anarq/common-schemas';
import type { BusEvent, EventAudience, Lag } from './types.ts';

/** What to look for: after one number, up to another, both of the outbox. */
export interface Search {
  readonly where: readonly Condition[];
  readonly after: number;
  readonly head: number;
  readonly limit: number;
  /** The condition has an index of its own: the whole range is one window. */
  readonly indexed?: boolean;
  /** Answer with a column `done` that says whether the event is in this consumer's inbox. */
  readonly inboxOf?: string;
}

const COLUMNS =
  'seq, id, tenant, module, topic, subject, data, record, at_ms, viewers, operation, resource, traceparent';

/** Matching rows, and the number up to which there are no others. */
export interface Window {
  readonly rows: readonly Row[];
  readonly end: number;
}

/** An expression keeps the planner on the order of `seq`: the index on tenants would mean a sort. */
export function tenantCondition(tenant: string): Condition {
  return { sql: "(tenant || '') = :tenant", params: { tenant } };
}

/** The highest number in the outbox; 0 where it is empty. */
export async function headOf(store: Store): Promise<number> {
  const [row] = await store.read('SELECT COALESCE(MAX(seq), 0) AS head FROM kernel_outbox');
  return Number(row?.['head']);
}

/** How far a consumer that stands at `position` is behind the head of the outbox. */
export async function lagOf(
  store: Store,
  consumer: string,
  position: number,
  head: number,
): Promise<Lag> {
  if (position >= head) return { consumer, events: 0 };
  const [row] = await store.read(
    'SELECT at_ms FROM kernel_outbox WHERE seq > :position ORDER BY seq LIMIT 1',
    { position },
  );
  const events = head - position;
  return row === undefined
    ? { consumer, events }
    : { consumer, events, oldest_ms: Number(row['at_ms']) };
}

/**
 * The first matching rows of one window, in order. Fewer where they are too large for one result
 * of the store: even the largest events must come through, one by one.
 */
export async function readWindow(store: Store, search: Search): Promise<Window> {
  const { after, head, limit } = search;
  const wide = search.indexed !== true && head - after > WINDOW_ROWS_MAX;
  // What was pruned is stepped over at once, however wide it was.
  const start = wide ? await numberBefore(store, after, head) : after;
  const end = wide ? Math.min(head, start + WINDOW_ROWS_MAX) : head;
  if (start >= end) return { rows: [], end: Math.max(end, after) };
  try {
    const rows = await select(store, search, start, end);
    const last = rows.length === limit ? rows.at(-1)?.['seq'] : undefined;
    return { rows, end: last === undefined ? end : Number(last) };
  } catch (error) {
    const tooLarge = error instanceof StoreError && error.details['limit'] === 'bytes';
    if (!tooLarge || limit === 1) throw error;
    return await readWindow(store, { ...search, limit: Math.ceil(limit / 10) });
  }
}

async function numberBefore(store: Store, after: number, head: number): Promise<number> {
  const sql = 'SELECT MIN(seq) AS first FROM kernel_outbox WHERE seq > :after';
  const first = (await store.read(sql, { after }))[0]?.['first'] ?? null;
  return first === null ? head : Math.min(head, Number(first) - 1);
}

async function select(
  store: Store,
  search: Search,
  after: number,
  end: number,
): Promise<readonly Row[]> {
  const { limit } = search;
  const done =
    search.inboxOf === undefined
      ? ''
      : `, EXISTS (SELECT 1 FROM bus_inbox AS seen
           WHERE seen.consumer = :inboxOf AND seen.event_id = kernel_outbox.id) AS done`;
  const conditions = search.where.map(({ sql }) => ` AND ${sql}`).join('');
  const sql = `SELECT ${COLUMNS}${done}
               FROM kernel_outbox WHERE seq > :after AND seq <= :end${conditions}
               ORDER BY seq LIMIT :limit`;
  const params: Record<string, SqlValue> = { after, end, limit };
  if (search.inboxOf !== undefined) params['inboxOf'] = search.inboxOf;
  for (const condition of search.where) Object.assign(params, condition.params);
  return await store.read(sql, params);
}

/** One event by its number. */
export async function eventRow(store: Store, seq: number): Promise<Row | undefined> {
  const sql = `SELECT ${COLUMNS} FROM kernel_outbox WHERE seq = :seq`;
  return (await store.read(sql, { seq }))[0];
}

/**
 * A row of the outbox as a CloudEvent.
 * @throws SyntaxError where its data is no JSON.
 */
export function toBusEvent(row: Row): BusEvent {
  const subject = String(row['subject']);
  const record = row['record'];
  const traceparent = row['traceparent'];
  const topic = String(row['topic']);
  return {
    specversion: '1.0',
    id: String(row['id']),
    source: `/modules/${String(row['module'])}`,
    type: topic,
    // CloudEvents: a subject that is present is not empty.
    ...(subject === '' ? {} : { subject }),
    time: new Date(Number(row['at_ms'])).toISOString(),
    datacontenttype: 'application/json',
    dataschema: eventSchemaId(String(row['module']), topic),
    data: JSON.parse(String(row['data'])),
    qtenant: String(row['tenant']),
    ...(typeof record === 'string' ? { record } : {}),
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    seq: Number(row['seq']),
  };
}

/** Who an event is for, as it was decided when it was emitted. */
export function audienceOf(row: Row): EventAudience {
  const resource = row['resource'];
  return {
    tenant: String(row['tenant']),
    viewers: new Set(JSON.parse(String(row['viewers'])) as string[]),
    operation: String(row['operation']),
    ...(typeof resource === 'string' ? { resource } : {}),
  };
}
