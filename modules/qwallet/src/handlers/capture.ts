import { fail } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { checkOpened, personal } from '../ledgerAccounts.ts';
import { checkMoved } from '../outcomes.ts';
import { payingOut, type Transfers } from '../payout.ts';
import { checkPurchase } from '../purchases.ts';
import { intents, standing, type IntentRow } from '../store.ts';
import { paymentOf, recipientsView, stateView } from '../views.ts';
import { keepAccount } from '../walletAccounts.ts';

export const capture = process(qwallet.capture, async ({ intentId, keep = false }, ctx) => {
  const row = await ctx.rows(intents).require(intentId);
  checkPurchase(ctx, row);
  if (keep && row.process === null)
    fail('STATE_CONFLICT', 'Money is kept for a purchase under way, and this is none.', {
      state: row.status,
      intentId,
    });
  const status = advance(standing(row), keep ? 'keep' : 'settle', ctx.now_ms);
  // Also where the money is kept: paying it out later must find nothing in its way.
  await openRecipients(ctx, row);
  const taken = await ctx.step(
    'settle',
    ledger.createTransfers,
    { transfers: keep ? [posting(row)] : [posting(row, 'linked'), ...payingOut(row)] },
    { as: 'module' },
  );
  checkMoved(taken.results, { intentId });
  ctx.rows(intents).update(row, { status });
  for (const { identity } of row.recipients) ctx.party(identity);
  if (!keep)
    ctx.emit('q.qwallet.tx.settled.v1', { ...paymentOf(row), recipients: recipientsView(row) });
  return stateView(row, status);
});

/** Recipients who have no account in this unit yet get one. */
async function openRecipients(
  ctx: ProcessContext<typeof qwallet.capture>,
  row: IntentRow,
): Promise<void> {
  const accounts = row.recipients.map(({ identity }) => personal(identity, row.unit));
  const opened = await ctx.step('open', ledger.createAccounts, { accounts }, { as: 'module' });
  checkOpened(opened.results);
  for (const { identity } of row.recipients) await keepAccount(ctx, identity, row.unit);
}

/** The hold becomes final: from here on the money is in clearing. */
const posting = ({ hold }: IntentRow, ...linked: 'linked'[]): Transfers[number] => ({
  id: `${hold ?? ''}:post`,
  pendingId: hold ?? '',
  flags: ['post_pending', ...linked],
});
