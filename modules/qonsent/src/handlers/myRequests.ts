import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { requestView } from '../requestView.ts';
import { requests } from '../store.ts';

export const myRequests = handler(qonsent.myRequests, async ({ limit, cursor }, ctx) => {
  // Whoever asked sees it, under whatever grant it asks now; nobody in its name does.
  const where = { asker: ctx.call.actor };
  const page = await ctx
    .rows(requests)
    .list({ where, of: 'tenant', limit, cursor, newestFirst: true });
  return { ...page, items: page.items.map((row) => requestView(row, ctx.now_ms)) };
});
