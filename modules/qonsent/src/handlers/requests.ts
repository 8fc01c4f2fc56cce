import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { requestView, stateOf } from '../requestView.ts';
import { requests as table } from '../store.ts';

export const requests = handler(qonsent.requests, async ({ all = false, limit, cursor }, ctx) => {
  const where = all ? {} : { state: 'OPEN' };
  const page = await ctx.rows(table).list({ where, limit, cursor, newestFirst: true });
  // One that ran out is answered by nobody; nobody has written that down yet.
  const items = page.items.filter((row) => all || stateOf(row, ctx.now_ms) === 'OPEN');
  return { ...page, items: items.map((row) => requestView(row, ctx.now_ms)) };
});
