import { fail, type InputOf } from '@anarq/common-schemas';
import { process, type ProcessContext } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { readPayment } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { accountIdOf, clearingIdOf, ledgerIdOf, TRANSFER_CODES } from '../ledgerAccounts.ts';
import { checkMoved } from '../outcomes.ts';
import { leftOf, refundParts, type Share } from '../shares.ts';
import { intents, sharesOf, standing, toStored, type IntentRow } from '../store.ts';
import { intentView, paymentOf, recipientsView } from '../views.ts';

type Context = ProcessContext<typeof qwallet.refund>;
type Transfers = InputOf<typeof ledger.createTransfers>['transfers'];

export const refund = process(qwallet.refund, async ({ intentId, amount, unit }, ctx) => {
  const row = await refundable(ctx, intentId);
  if (unit !== undefined && unit !== row.unit)
    fail('INPUT_INVALID', `The payment is in ${row.unit}, not in ${unit}.`, { unit: row.unit });
  const shares = sharesOf(row);
  const leftMinor = leftOf(shares);
  const backMinor = amount === undefined ? leftMinor : readPayment(amount, row.unit);
  const status = advance(
    standing(row),
    backMinor === leftMinor ? 'refundAll' : 'refundPart',
    ctx.now_ms,
  );
  if (backMinor > leftMinor)
    fail('AMOUNT_INVALID', 'More than what is left of the payment cannot be paid back.', {
      asked: formatMinor(backMinor, row.unit),
      left: formatMinor(leftMinor, row.unit),
    });
  const parts = refundParts(shares, backMinor);
  const moved = await ctx.step(
    'refund',
    ledger.createTransfers,
    { transfers: repayment(ctx, row, shares, parts) },
    { as: 'module' },
  );
  checkMoved(moved.results, { intentId });
  const after = shares.map((share, i) => ({
    ...share,
    refundedMinor: share.refundedMinor + (parts[i] ?? 0n),
  }));
  const change = { status, recipients: toStored(after), refunds: row.refunds + 1 };
  ctx.rows(intents).update(row, change);
  ctx.party(row.owner);
  ctx.emit('q.qwallet.tx.refunded.v1', {
    ...paymentOf(row),
    refunded: formatMinor(backMinor, row.unit),
    recipients: recipientsView(row, parts).filter((_, i) => parts[i] !== 0n),
  });
  return intentView({ ...row, ...change }, ctx.now_ms);
});

/**
 * A refund takes money from recipients, so it is theirs to give: each of them is the subject, or has
 * granted it this. The operator may as well, to end a dispute. The payer may not.
 */
async function refundable(ctx: Context, intentId: string): Promise<IntentRow> {
  const row = await ctx.rows(intents).get(intentId);
  const isParty =
    row !== undefined &&
    [row.owner, ...row.recipients.map(({ identity }) => identity)].includes(ctx.call.subject);
  const isOperator = await ctx.allows('/wallet/refund', 'node');
  if (row === undefined || !(isParty || isOperator))
    return fail('QINDEX_NOT_FOUND', `There is no payment ${intentId} for you here.`, {
      id: intentId,
    });
  for (const { identity } of row.recipients) {
    if (isOperator || identity === ctx.call.subject) continue;
    const account = `qwallet/account/${accountIdOf(identity, row.unit)}`;
    if (!(await ctx.allows('/wallet/refund', account)))
      fail('QONSENT_DENIED', 'A refund is given by those who would pay it.', {
        why: {
          rule: `no grant from ${identity} lets ${ctx.call.subject} use /wallet/refund on ${account}`,
          changeableBy: identity,
        },
      });
  }
  return row;
}

/**
 * One chain: a marker of nothing whose id only the first of two refunds at once can take, then what
 * each recipient pays back. The marker comes back when the chain fails, so a refund that a recipient
 * could not pay can be tried again.
 */
function repayment(
  ctx: Context,
  row: IntentRow,
  shares: readonly Share[],
  parts: readonly bigint[],
): Transfers {
  const payer = ledgerIdOf(accountIdOf(row.owner, row.unit));
  const base = { unit: row.unit, code: TRANSFER_CODES.refund, userData: row.id };
  const paying = shares.flatMap(({ identity }, i) => {
    const part = parts[i] ?? 0n;
    return part === 0n ? [] : [{ identity, part }];
  });
  return [
    {
      ...base,
      id: `${row.hold ?? ''}:refund:${row.refunds}`,
      debitAccountId: clearingIdOf(row.unit),
      creditAccountId: payer,
      amount: '0',
      flags: ['linked'],
    },
    ...paying.map(({ identity, part }, i): Transfers[number] => ({
      ...base,
      id: `qwallet:${ctx.id('refund')}`,
      debitAccountId: ledgerIdOf(accountIdOf(identity, row.unit)),
      creditAccountId: payer,
      amount: formatMinor(part, row.unit),
      flags: i < paying.length - 1 ? ['linked'] : [],
    })),
  ];
}
