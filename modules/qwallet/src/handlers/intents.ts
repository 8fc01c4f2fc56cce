import { handler } from '@anarq/kernel';
import { qwallet } from '../contract.ts';
import { intents as table } from '../store.ts';
import { intentView } from '../views.ts';

export const intents = handler(qwallet.intents, async ({ limit, cursor }, ctx) => {
  const page = await ctx.rows(table).list({ limit, cursor, newestFirst: true });
  return { ...page, items: page.items.map((row) => intentView(row, ctx.now_ms)) };
});
