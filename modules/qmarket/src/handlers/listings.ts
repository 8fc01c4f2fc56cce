import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { listings as table } from '../store.ts';
import { listingOf } from '../views.ts';

export const listings = handler(qmarket.listings, async (place, ctx) => {
  const { items, ...next } = await ctx.rows(table).list({ ...place, newestFirst: true });
  return { items: items.map(listingOf), ...next };
});
