import { fail, type InputOf } from '@anarq/common-schemas';
import { call, process, type ProcessContext } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { readPayment } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import { advance } from '../intentStates.ts';
import { accountIdOf, clearingIdOf, ledgerIdOf, TRANSFER_CODES } from '../ledgerAccounts.ts';
import { dayOf, keepLimits } from '../limits.ts';
import { HOLD_MS, insertIntent, readOrder, type Order } from '../orders.ts';
import { checkMoved } from '../outcomes.ts';
import { checkPurchase } from '../purchases.ts';
import { intents, sharesOf, standing, type IntentRow } from '../store.ts';
import { stateView } from '../views.ts';
import { payingAccount } from '../walletAccounts.ts';

type Context = ProcessContext<typeof qwallet.reserve>;
type Input = InputOf<typeof qwallet.reserve>;

export const reserve = process(qwallet.reserve, async (input, ctx) => {
  const id = input.intentId ?? ctx.id('intent');
  const hold = `qwallet:${ctx.id('hold')}`;
  const written = input.intentId === undefined ? undefined : await findIntent(ctx, input);
  const order = written === undefined ? await readNew(ctx, input) : orderOf(written);
  const account = await payingAccount(ctx, order.unit);

  // What may change while this waits is checked after the hold: a run that comes back after a
  // conflict or a crash must reach the hold again, so that its undo is known when it is refused.
  const held = await ctx.step(
    'hold',
    ledger.createTransfers,
    {
      transfers: [
        {
          id: hold,
          debitAccountId: ledgerIdOf(accountIdOf(ctx.call.subject, order.unit)),
          creditAccountId: clearingIdOf(order.unit),
          amount: formatMinor(order.amountMinor, order.unit),
          unit: order.unit,
          code: TRANSFER_CODES.payment,
          timeout_s: Math.max(1, Math.ceil((order.expires_ms - ctx.now_ms) / 1000)),
          flags: ['pending'],
          userData: id,
        },
      ],
    },
    {
      as: 'module',
      undo: () =>
        call(ledger.createTransfers, {
          transfers: [{ id: `${hold}:undo`, pendingId: hold, flags: ['void_pending'] }],
        }),
    },
  );
  checkMoved(held.results, { intentId: id, accountId: account.id });
  if (written !== undefined) advance(standing(written), 'sign', ctx.now_ms);
  await keepLimits(ctx, account, order.amountMinor);

  const facts = {
    id,
    owner: ctx.call.subject,
    amount_minor: order.amountMinor,
    unit: order.unit,
    expires_ms: order.expires_ms,
  };
  const day = dayOf(ctx.now_ms);
  if (written === undefined) insertIntent(ctx, id, order, { status: 'SIGNED', hold, day });
  else
    ctx.rows(intents).update(written, {
      status: 'SIGNED',
      hold,
      signed_day: day,
      process: ctx.call.process ?? null,
    });
  const state = stateView(facts, 'SIGNED');
  const { status: _, ...told } = { ...state, payer: facts.owner };
  if (written === undefined) ctx.emit('q.qwallet.intent.created.v1', told);
  ctx.emit('q.qwallet.tx.signed.v1', told);
  return state;
});

/** An order that is made at once, without an intent before it. */
function readNew(ctx: Context, input: Input): Promise<Order> {
  const { recipients } = input;
  if (recipients === undefined)
    return fail('INPUT_INVALID', 'Name the recipients, or the intentId of a payment made before.');
  return readOrder(ctx, { ...input, recipients }, HOLD_MS);
}

/**
 * The intent that is to be paid, as it was written down: of the subject, and of exactly the amount
 * that the caller signs. None of this ever changes.
 */
async function findIntent(ctx: Context, input: Input): Promise<IntentRow> {
  const id = input.intentId ?? '';
  const row = await ctx.rows(intents).get(id);
  if (row === undefined || row.owner !== ctx.call.subject)
    return fail('QINDEX_NOT_FOUND', `There is no payment ${id} of yours here.`, { id });
  checkPurchase(ctx, row);
  if (
    input.recipients !== undefined ||
    input.purpose !== undefined ||
    input.expiresAt !== undefined
  )
    fail('INPUT_INVALID', 'Recipients, purpose and end of an intent stand in it; leave them out.');
  if (row.unit !== input.unit || readPayment(input.amount, input.unit) !== row.amount_minor)
    fail('VERSION_CONFLICT', 'The intent is of another amount than the one signed.', {
      intentId: id,
      amount: formatMinor(row.amount_minor, row.unit),
      unit: row.unit,
    });
  return row;
}

const orderOf = (row: IntentRow): Order => ({
  amountMinor: row.amount_minor,
  unit: row.unit,
  shares: sharesOf(row),
  purpose: row.purpose ?? undefined,
  expires_ms: row.expires_ms,
});
