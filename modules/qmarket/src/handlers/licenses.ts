import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { licenses as table } from '../store.ts';
import { licenseOf } from '../views.ts';

export const licenses = handler(qmarket.licenses, async ({ listingId, ...place }, ctx) => {
  const { items, ...next } = await ctx.rows(table).list({
    ...place,
    ...(listingId === undefined ? {} : { where: { listing_id: listingId } }),
    newestFirst: true,
  });
  return { items: items.map((row) => licenseOf(row, ctx.now_ms)), ...next };
});
