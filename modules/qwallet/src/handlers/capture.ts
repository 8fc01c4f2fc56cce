import type { InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import {
  accountIdOf,
  checkOpened,
  clearingIdOf,
  ledgerIdOf,
  personal,
  TRANSFER_CODES,
} from '../ledgerAccounts.ts';
import { checkMoved } from '../outcomes.ts';
import { intents, sharesOf, standing, type IntentRow } from '../store.ts';
import { paymentOf, recipientsView, stateView } from '../views.ts';
import { keepAccount } from '../walletAccounts.ts';

type Transfers = InputOf<typeof ledger.createTransfers>['transfers'];

export const capture = process(qwallet.capture, async ({ intentId }, ctx) => {
  const row = await ctx.rows(intents).require(intentId);
  const status = advance(standing(row), 'settle', ctx.now_ms);
  await openRecipients(ctx, row);
  const paid = await ctx.step(
    'settle',
    ledger.createTransfers,
    { transfers: settlement(row) },
    { as: 'module' },
  );
  checkMoved(paid.results, { intentId });
  ctx.rows(intents).update(row, { status });
  for (const { identity } of row.recipients) ctx.party(identity);
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

/** The hold becomes final, and clearing passes all of it on: one chain, wholly or not at all. */
function settlement(row: IntentRow): Transfers {
  const hold = row.hold ?? '';
  const shares = sharesOf(row);
  return [
    { id: `${hold}:post`, pendingId: hold, flags: ['post_pending', 'linked'] },
    ...shares.map(({ identity, amountMinor }, i): Transfers[number] => ({
      id: `${hold}:pay:${i}`,
      debitAccountId: clearingIdOf(row.unit),
      creditAccountId: ledgerIdOf(accountIdOf(identity, row.unit)),
      amount: formatMinor(amountMinor, row.unit),
      unit: row.unit,
      code: TRANSFER_CODES.payment,
      flags: i < shares.length - 1 ? ['linked'] : [],
      userData: row.id,
    })),
  ];
}
