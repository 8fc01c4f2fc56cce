/** Paging through the events of a tenant. */

import { fail } from '@anarq/common-schemas';
import type { Row, Store } from '@anarq/store';

import { BATCH_ROWS_MAX, PAGE_ROWS_MAX, WINDOWS_A_PAGE_MAX } from './limits.ts';
import { audienceOf, headOf, readWindow, tenantCondition, toBusEvent } from './outbox.ts';
import { fromPageCursor, toPageCursor } from './pageCursor.ts';
import { topicCondition, topicFilter, type Condition } from './topics.ts';
import type { EventPage, EventQuery } from './types.ts';

/**
 * One page. Looks through at most 200,000 events of the node; where that was not enough, the page
 * ends early, and its cursor goes on from there.
 * @throws QError INPUT_INVALID for a cursor, topic or limit that is none.
 */
export async function readPage(store: Store, query: EventQuery): Promise<EventPage> {
  const limit = query.limit ?? 100;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE_ROWS_MAX) {
    fail('INPUT_INVALID', `limit is a whole number from 1 to ${PAGE_ROWS_MAX}.`);
  }
  let position = query.after === undefined ? 0 : fromPageCursor(query.after);
  const where = conditions(query);
  const indexed = query.subject !== undefined;
  const head = await headOf(store);
  const { sees } = query;
  const rows: Row[] = [];
  for (let windows = 0; windows < WINDOWS_A_PAGE_MAX; windows += 1) {
    if (rows.length === limit || position >= head) break;
    const room = limit - rows.length;
    // What the reader may not see is left out here, so a window takes more than there is room for.
    const take = sees === undefined ? room : Math.max(room, BATCH_ROWS_MAX);
    const window = await readWindow(store, { where, after: position, head, limit: take, indexed });
    const visible: Row[] = [];
    for (const row of window.rows)
      if (sees === undefined || (await sees(audienceOf(row)))) visible.push(row);
    const last = visible[room - 1];
    const isFull = visible.length > room && last !== undefined;
    rows.push(...visible.slice(0, room));
    position = isFull ? Number(last['seq']) : window.end;
  }
  return { events: rows.map(toBusEvent), next: toPageCursor(position), more: position < head };
}

function conditions({ tenant, subject, topics }: EventQuery): readonly Condition[] {
  const topic = topics === undefined ? [] : [topicCondition(topicFilter(topics))];
  if (subject === undefined) return [tenantCondition(tenant), ...topic];
  const both = { sql: 'tenant = :tenant AND subject = :subject', params: { tenant, subject } };
  return [both, ...topic];
}
