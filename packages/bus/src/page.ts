/** Paging through the events of a tenant. */

import { fail } from '@anarq/common-schemas';
import type { Row, Store } from '@anarq/store';

import { PAGE_ROWS_MAX, WINDOWS_A_PAGE_MAX } from './limits.ts';
import { headOf, readWindow, tenantCondition, toBusEvent } from './outbox.ts';
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
  const rows: Row[] = [];
  for (let windows = 0; windows < WINDOWS_A_PAGE_MAX; windows += 1) {
    if (rows.length === limit || position >= head) break;
    const search = { where, after: position, head, limit: limit - rows.length, indexed };
    const window = await readWindow(store, search);
    rows.push(...window.rows);
    position = window.end;
  }
  return { events: rows.map(toBusEvent), next: toPageCursor(position), more: position < head };
}

function conditions({ tenant, subject, topics }: EventQuery): readonly Condition[] {
  const topic = topics === undefined ? [] : [topicCondition(topicFilter(topics))];
  if (subject === undefined) return [tenantCondition(tenant), ...topic];
  const both = { sql: 'tenant = :tenant AND subject = :subject', params: { tenant, subject } };
  return [both, ...topic];
}
