import { handler } from '@anarq/kernel';
import { qwallet } from '../contract.ts';
import { accounts as table } from '../store.ts';
import { accountView } from '../views.ts';

export const accounts = handler(qwallet.accounts, async ({ limit, cursor }, ctx) => {
  // A grant opens single accounts; their balances are shown to whoever acts for the holder.
  const page = await ctx.rows(table).list({ limit, cursor, where: { owner: ctx.call.subject } });
  return { ...page, items: await Promise.all(page.items.map((row) => accountView(ctx, row))) };
});
