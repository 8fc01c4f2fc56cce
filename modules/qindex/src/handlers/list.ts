import { handler } from '@anarq/kernel';
import { qindex } from '../contract.ts';
import { fromSql, pageOf, startAfter } from '../pages.ts';
import { entryOf } from '../record.ts';
import { visible } from '../visible.ts';

/** Ordered by type, key and owner, which is how the index of the table stands. */
export const list = handler(qindex.list, async (input, ctx) => {
  const { sql, params } = await visible(ctx);
  const filters = filtersOf(input);
  const after = input.cursor === undefined ? undefined : startAfter(input.cursor);
  const limit = input.limit ?? 50;
  const rows = await ctx.select(
    `SELECT r.* FROM qindex_record r
     WHERE r.tenant = :tenant AND ${sql}
       ${filters.map((filter) => `AND ${filter.sql}`).join(' ')}
       ${
         after === undefined
           ? ''
           : `AND (r.type, r.key, r.owner) >
              (SELECT type, key, owner FROM qindex_record WHERE tenant = :tenant AND id = :after)`
       }
     ORDER BY r.type, r.key, r.owner LIMIT :limit`,
    {
      ...params,
      ...Object.fromEntries(filters.map(({ name, value }) => [name, value])),
      ...(after === undefined ? {} : { after: after.id }),
      limit: limit + 1,
    },
  );
  return pageOf(rows.map(fromSql), limit, ({ id }) => ({ id })).map(entryOf);
});

interface Filter {
  readonly name: string;
  readonly value: string;
  readonly sql: string;
}

function filtersOf(input: {
  readonly type?: string;
  readonly key?: string;
  readonly keyPrefix?: string;
  readonly tag?: string;
  readonly owner?: string;
}): Filter[] {
  const candidates = [
    { name: 'type', value: input.type, sql: 'r.type = :type' },
    { name: 'key', value: input.key, sql: 'r.key = :key' },
    {
      name: 'prefix',
      value: input.keyPrefix,
      sql: 'substr(r.key, 1, length(:prefix)) = :prefix',
    },
    { name: 'owner', value: input.owner, sql: 'r.owner = :owner' },
    {
      name: 'tag',
      value: input.tag,
      sql: 'EXISTS (SELECT 1 FROM json_each(r.tags) WHERE value = :tag)',
    },
  ];
  return candidates.flatMap(({ name, value, sql }) =>
    value === undefined ? [] : [{ name, value, sql }],
  );
}
