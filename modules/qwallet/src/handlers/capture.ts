import { fail } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { allocate, formatMinor } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { readPayment } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { checkOpened, personal } from '../ledgerAccounts.ts';
import { checkMoved } from '../outcomes.ts';
import { payingOut, type Transfers } from '../payout.ts';
import { checkPurchase } from '../purchases.ts';
import { intents, sharesOf, standing, toStored, type IntentRow } from '../store.ts';
import { paymentOf, recipientsView, stateView } from '../views.ts';
import { keepAccount } from '../walletAccounts.ts';

export const capture = process(qwallet.capture, async ({ intentId, amount, keep = false }, ctx) => {
  const held = await ctx.rows(intents).require(intentId);
  checkPurchase(ctx, held);
  const row = amount === undefined ? held : lessened(held, amount);
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
    {
      transfers: keep
        ? [posting(row, amount)]
        : [posting(row, amount, 'linked'), ...payingOut(row)],
    },
    { as: 'module' },
  );
  checkMoved(taken.results, { intentId });
  ctx
    .rows(intents)
    .update(held, { status, amount_minor: row.amount_minor, recipients: row.recipients });
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

/** The hold becomes final, or so much of it: from here on that is in clearing, the rest is free. */
const posting = (
  { hold, amount_minor, unit }: IntentRow,
  part: string | undefined,
  ...linked: 'linked'[]
): Transfers[number] => ({
  id: `${hold ?? ''}:post`,
  pendingId: hold ?? '',
  ...(part === undefined ? {} : { amount: formatMinor(amount_minor, unit) }),
  flags: ['post_pending', ...linked],
});

/**
 * A payment of which only a part is taken; who would get nothing of it is no recipient.
 * @throws AMOUNT_INVALID for more than is held, or nothing
 */
function lessened(held: IntentRow, amount: string): IntentRow {
  const amount_minor = readPayment(amount, held.unit);
  if (amount_minor > held.amount_minor)
    fail('AMOUNT_INVALID', 'No more is taken than what is held.', {
      amount,
      held: formatMinor(held.amount_minor, held.unit),
      unit: held.unit,
    });
  const shares = sharesOf(held);
  const parts = allocate(
    amount_minor,
    shares.map(({ amountMinor }) => amountMinor),
  );
  const recipients = shares
    .map((share, i) => ({ ...share, amountMinor: parts[i] ?? 0n }))
    .filter(({ amountMinor }) => amountMinor > 0n);
  return { ...held, amount_minor, recipients: toStored(recipients) };
}
