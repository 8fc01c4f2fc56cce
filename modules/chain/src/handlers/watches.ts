import { handler } from '@anarq/kernel';
import { chain as contract } from '../contract.ts';
import { watches as table } from '../store.ts';

export const watches = handler(contract.watches, async (place, ctx) => {
  const { items, ...next } = await ctx.rows(table).list({ ...place, newestFirst: true });
  const shown = items.map(({ id, account_id }) => ({ watchId: id, accountId: account_id }));
  return { items: shown, ...next };
});
