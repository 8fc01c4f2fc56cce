import { handler } from '@anarq/kernel';
import { amongFew } from '../busy.ts';
import { qindex } from '../contract.ts';
import { fromSql, pageOf, startAfter } from '../pages.ts';
import { entryOf } from '../record.ts';
import { visible } from '../visible.ts';
import { matchOf } from '../words.ts';

/**
 * Ranked by BM25, a word of the key counting four times one of the text, a tag twice.
 *
 * A page starts after the last record of the one before, by the rank that this record has *now*:
 * new documents shift all ranks a little, and comparing with the rank of then would skip records or
 * repeat them. Only where that record is gone, its rank of then decides.
 */
export const search = handler(qindex.search, async (input, ctx) => {
  const { sql, params } = await visible(ctx);
  const after = input.cursor === undefined ? undefined : startAfter(input.cursor);
  const limit = input.limit ?? 50;
  const match = matchOf(input.query);
  const find = () =>
    ctx.select(
      `WITH hit AS MATERIALIZED (
       SELECT r.*, bm25(qindex_text, 4.0, 2.0, 1.0) AS place
       FROM qindex_text
       JOIN qindex_document d ON d.docid = qindex_text.rowid
       JOIN qindex_record r ON r.tenant = d.tenant AND r.id = d.record_id
       WHERE qindex_text MATCH :match AND d.tenant = :tenant AND ${sql}
         ${input.type === undefined ? '' : 'AND r.type = :type'}
         ${input.owner === undefined ? '' : 'AND r.owner = :owner'}
     )
     SELECT * FROM hit
     ${
       after === undefined
         ? ''
         : `WHERE (place, id) >
            (coalesce((SELECT place FROM hit WHERE id = :after), :afterPlace), :after)`
     }
     ORDER BY place, id LIMIT :limit`,
      {
        ...params,
        match,
        ...(input.type === undefined ? {} : { type: input.type }),
        ...(input.owner === undefined ? {} : { owner: input.owner }),
        ...(after === undefined ? {} : { after: after.id, afterPlace: after.place ?? 0 }),
        limit: limit + 1,
      },
    );
  const rows = await amongFew(ctx.call.root, find);
  return pageOf(
    rows.map((row) => ({ ...fromSql(row), place: Number(row['place']) })),
    limit,
    ({ id, place }) => ({ id, place }),
  ).map(entryOf);
});
