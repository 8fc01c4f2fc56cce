import { process } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { checkMoved } from '../outcomes.ts';
import { checkPurchase } from '../purchases.ts';
import { intents, standing } from '../store.ts';
import { paymentOf, stateView } from '../views.ts';

export const voidIntent = process(qwallet.void, async ({ intentId }, ctx) => {
  const row = await ctx.rows(intents).require(intentId);
  checkPurchase(ctx, row);
  let status = advance(standing(row), 'void', ctx.now_ms);
  if (row.hold !== null) {
    const freed = await ctx.step(
      'free',
      ledger.createTransfers,
      { transfers: [{ id: `${row.hold}:void`, pendingId: row.hold, flags: ['void_pending'] }] },
      { as: 'module' },
    );
    // The ledger decides, not two clocks: a hold that has run out there, or was freed before, is
    // free already; one that was captured meanwhile cannot be voided. Of a payment that is void it
    // is asked all the same, so that a run that comes back reaches the same step.
    const answer = freed.results[0]?.result;
    if (answer === 'pending_transfer_expired') status = 'EXPIRED';
    else if (answer !== 'exists' && row.status !== 'VOIDED')
      checkMoved(freed.results, { intentId });
  }
  // Free already, and told before.
  if (row.status === 'VOIDED' || row.status === status) return stateView(row, row.status);
  ctx.rows(intents).update(row, { status });
  ctx.emit('q.qwallet.tx.voided.v1', { ...paymentOf(row), status });
  return stateView(row, status);
});
