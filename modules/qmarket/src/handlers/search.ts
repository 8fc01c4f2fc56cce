import { handler } from '@anarq/kernel';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '../contract.ts';
import { LISTING_TYPE, marketOf } from '../market.ts';
import { listings } from '../store.ts';
import { listingOf } from '../views.ts';

/**
 * The index finds, the rows decide: only records that the market itself wrote count, and a listing
 * that is not, or no longer, open is left out, so a page may be shorter than its limit.
 */
export const search = handler(qmarket.search, async ({ query, ...place }, ctx) => {
  const rows = ctx.rows(listings);
  if (query === undefined) {
    const newest = await rows.list({
      ...place,
      where: { state: 'OPEN' },
      of: 'tenant',
      newestFirst: true,
    });
    return { ...newest, items: newest.items.map(listingOf) };
  }
  const found = await ctx.query(qindex.search, {
    query,
    type: LISTING_TYPE,
    owner: marketOf(ctx),
    ...place,
  });
  const hits = await Promise.all(found.items.map(({ record }) => rows.get(record.key)));
  return {
    ...found,
    items: hits.flatMap((row) => (row?.state === 'OPEN' ? [listingOf(row)] : [])),
  };
});
