import { process } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { checkMoved } from '../outcomes.ts';
import { givingBack } from '../payout.ts';
import { ofThisPurchase } from '../purchases.ts';
import { intents, standing } from '../store.ts';
import { paymentOf, stateView } from '../views.ts';

export const giveBack = process(qwallet.giveBack, async ({ intentId }, ctx) => {
  const row = ofThisPurchase(ctx, intentId, await ctx.rows(intents).get(intentId));
  const status = advance(standing(row), 'giveBack', ctx.now_ms);
  // Done before, or voided while it was only held: nothing of it is in clearing.
  if (row.status === status) return stateView(row, status);
  const back = await ctx.step(
    'back',
    ledger.createTransfers,
    { transfers: givingBack(row) },
    { as: 'module' },
  );
  checkMoved(back.results, { intentId });
  ctx.rows(intents).update(row, { status });
  ctx.party(row.owner);
  ctx.emit('q.qwallet.tx.voided.v1', { ...paymentOf(row), status });
  return stateView(row, status);
});
