import { process } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { checkMoved } from '../outcomes.ts';
import { payingOut } from '../payout.ts';
import { ofThisPurchase } from '../purchases.ts';
import { intents, standing } from '../store.ts';
import { paymentOf, recipientsView, stateView } from '../views.ts';

export const payOut = process(qwallet.payOut, async ({ intentId }, ctx) => {
  const row = ofThisPurchase(ctx, intentId, await ctx.rows(intents).get(intentId));
  const status = advance(standing(row), 'payOut', ctx.now_ms);
  // Asked for also where it is done: a run that comes back reaches the same step. Ids act once.
  const paid = await ctx.step(
    'pay',
    ledger.createTransfers,
    { transfers: payingOut(row) },
    { as: 'module' },
  );
  if (row.status === status) return stateView(row, status);
  checkMoved(paid.results, { intentId });
  ctx.rows(intents).update(row, { status });
  for (const { identity } of row.recipients) ctx.party(identity);
  ctx.party(row.owner);
  ctx.emit('q.qwallet.tx.settled.v1', { ...paymentOf(row), recipients: recipientsView(row) });
  return stateView(row, status);
});
