import { handler } from '@anarq/kernel';
import { qwallet } from '../contract.ts';
import { INTENT_MS, insertIntent, readOrder } from '../orders.ts';
import { intents } from '../store.ts';
import { intentView } from '../views.ts';

export const createIntent = handler(qwallet.createIntent, async (input, ctx) => {
  const order = await readOrder(ctx, input, INTENT_MS);
  const id = ctx.id('intent');
  insertIntent(ctx, id, order, { status: 'PENDING', hold: null, day: null });
  const view = intentView(await ctx.rows(intents).require(id), ctx.now_ms);
  const { intentId, payer, amount, unit, expiresAt } = view;
  ctx.emit('q.qwallet.intent.created.v1', { intentId, payer, amount, unit, expiresAt });
  return view;
});
