import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { listings } from '../store.ts';
import { listingOf } from '../views.ts';

export const listing = handler(qmarket.listing, async ({ listingId }, ctx) =>
  listingOf(await ctx.rows(listings).require(listingId)),
);
