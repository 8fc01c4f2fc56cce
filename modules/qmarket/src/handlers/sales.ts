import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { sales as table } from '../store.ts';
import { saleOf } from '../views.ts';

export const sales = handler(qmarket.sales, async ({ listingId, ...place }, ctx) => {
  const { items, ...next } = await ctx.rows(table).list({
    ...place,
    ...(listingId === undefined ? {} : { where: { listing_id: listingId } }),
    newestFirst: true,
  });
  return { items: items.map(saleOf), ...next };
});
