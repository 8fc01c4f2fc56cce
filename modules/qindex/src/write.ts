import type { WriteContext } from '@anarq/kernel';
import { expect, recordIdOf } from './record.ts';
import { records, versions, type RecordRow, type Visibility } from './store.ts';
import { fold } from './words.ts';

/** What a write needs of its call. */
type Work = Pick<WriteContext, 'call' | 'now_ms' | 'rows' | 'write'>;

export interface NewVersion {
  readonly type: string;
  readonly key: string;
  readonly cid: string;
  readonly tags: readonly string[];
  readonly text: string;
  readonly visibility: Visibility;
  readonly metadata: Readonly<Record<string, string>>;
  readonly expectVersion: number | undefined;
}

/**
 * Writes the next version of the subject's record: row, history and words in one commit.
 * @throws VERSION_CONFLICT when the record is not at the version expected
 */
export async function writeVersion(ctx: Work, next: NewVersion): Promise<RecordRow> {
  const rows = ctx.rows(records);
  const id = recordIdOf(ctx.call.subject, next.type, next.key);
  const row = await rows.get(id);
  expect(row, next.expectVersion);
  const state = {
    type: next.type,
    key: next.key,
    cid: next.cid,
    prev_cid: row?.cid ?? null,
    tags: [...new Set(next.tags)],
    visibility: next.visibility,
    metadata: { ...next.metadata },
    removed_ms: null,
  };
  if (row === undefined) rows.insert({ id, ...state });
  else rows.update(row, state);
  ctx.write({
    name: `words of ${id}`,
    sql: `INSERT INTO qindex_document (tenant, record_id, key, tags, body)
          VALUES (:tenant, :id, :key, :tags, :body)
          ON CONFLICT (tenant, record_id)
          DO UPDATE SET key = excluded.key, tags = excluded.tags, body = excluded.body`,
    params: { id, key: fold(next.key), tags: fold(state.tags.join(' ')), body: fold(next.text) },
    expect: { changes: 1 },
  });
  return append(ctx, id, 'PUT');
}

/** Takes a record out of lists and search. Text and tags go; the tombstone keeps the version. */
export async function writeRemoval(ctx: Work, row: RecordRow): Promise<RecordRow> {
  ctx.rows(records).update(row, {
    prev_cid: row.cid,
    tags: [],
    metadata: {},
    removed_ms: ctx.now_ms,
  });
  ctx.write({
    name: `words of ${row.id}`,
    sql: 'DELETE FROM qindex_document WHERE tenant = :tenant AND record_id = :id',
    params: { id: row.id },
    expect: { changes: 1 },
  });
  return append(ctx, row.id, 'REMOVED');
}

/** Adds the state that this call gave the record to its history. */
async function append(ctx: Work, id: string, change: 'PUT' | 'REMOVED'): Promise<RecordRow> {
  const row = await ctx.rows(records).require(id);
  ctx.rows(versions).insert({
    id: `${id}.${String(row.version).padStart(10, '0')}`,
    owner: row.owner,
    record_id: id,
    change,
    number: row.version,
    type: row.type,
    key: row.key,
    cid: row.cid,
    prev_cid: row.prev_cid,
    tags: row.tags,
    visibility: row.visibility,
  });
  return row;
}
