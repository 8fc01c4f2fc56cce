import { handler } from '@anarq/kernel';
import { amongFew } from '../busy.ts';
import { qindex } from '../contract.ts';
import { fromSql, pageOf, startAfter } from '../pages.ts';
import { entryOf } from '../record.ts';
import { visible } from '../visible.ts';
import { foldedMatch } from '../words.ts';

const RANKED = `SELECT r.*, bm25(qindex_text, 4.0, 2.0, 1.0) AS place
  FROM qindex_text
  JOIN qindex_document d ON d.docid = qindex_text.rowid
  JOIN qindex_record r ON r.tenant = d.tenant AND r.id = d.record_id
  WHERE qindex_text MATCH :match`;

/** ts_rank weighs D, C, B, A; the highest comes first, as the lowest does with BM25. */
const RANKED_POSTGRES = `SELECT r.*, -ts_rank('{0.1, 0.25, 0.5, 1}', d.words, asked.query)::float8 AS place
  FROM qindex_query(:match) AS asked (query)
  JOIN qindex_document d ON d.words @@ asked.query
  JOIN qindex_record r ON r.tenant = d.tenant AND r.id = d.record_id
  WHERE TRUE`;

/**
 * Ranked by BM25, a word of the key counting four times one of the text, a tag twice; on PostgreSQL
 * by ts_rank with the same weights.
 *
 * A page starts after the last record of the one before, by the rank that this record has *now*:
 * new documents shift all ranks a little, and comparing with the rank of then would skip records or
 * repeat them. Only where that record is gone, its rank of then decides.
 */
export const search = handler(qindex.search, async (input, ctx) => {
  const { sql, params } = await visible(ctx);
  const after = input.cursor === undefined ? undefined : startAfter(input.cursor);
  const limit = input.limit ?? 50;
  const match = foldedMatch(input.query);
  const hits = (ranked: string) =>
    `WITH hit AS MATERIALIZED (
       ${ranked} AND d.tenant = :tenant AND ${sql}
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
     ORDER BY place, id LIMIT :limit`;
  const find = () =>
    ctx.select(
      { sql: hits(RANKED), postgres: hits(RANKED_POSTGRES) },
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
