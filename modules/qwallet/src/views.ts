import type { OutputOf } from '@anarq/common-schemas';
import { formatMinor, subDecimal } from '@anarq/decimal';
import type { ReadContext, RowOf } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import type { qwallet } from './contract.ts';
import { statusAt, type IntentStatus } from './intentStates.ts';
import { ledgerIdOf } from './ledgerAccounts.ts';
import { sharesOf, standing, type accounts, type IntentRow } from './store.ts';

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

/** A payment as its contract shows it; one that is past its time shows as expired. */
export function intentView(row: IntentRow, now_ms: number): OutputOf<typeof qwallet.intent> {
  const shares = sharesOf(row);
  const refunded = shares.reduce((sum, { refundedMinor }) => sum + refundedMinor, 0n);
  return {
    intentId: row.id,
    payer: row.owner,
    amount: formatMinor(row.amount_minor, row.unit),
    unit: row.unit,
    recipients: shares.map(({ identity, amountMinor }) => ({
      identity,
      amount: formatMinor(amountMinor, row.unit),
    })),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
    status: statusAt(standing(row), now_ms),
    refunded: formatMinor(refunded, row.unit),
    createdAt: instant(row.created_ms),
    expiresAt: instant(row.expires_ms),
  };
}

/** What an operation answers that moved a payment on. */
export const stateView = (
  row: Pick<IntentRow, 'id' | 'amount_minor' | 'unit' | 'expires_ms'>,
  status: IntentStatus,
): OutputOf<typeof qwallet.capture> => ({
  intentId: row.id,
  amount: formatMinor(row.amount_minor, row.unit),
  unit: row.unit,
  status,
  expiresAt: instant(row.expires_ms),
});

/** What every event about a payment says. */
export const paymentOf = (row: Pick<IntentRow, 'id' | 'owner' | 'amount_minor' | 'unit'>) => ({
  intentId: row.id,
  payer: row.owner,
  amount: formatMinor(row.amount_minor, row.unit),
  unit: row.unit,
});

/** The recipients of a payment as events show them, with amounts of their own. */
export const recipientsView = (
  row: Pick<IntentRow, 'recipients' | 'unit'>,
  amountsMinor?: readonly bigint[],
) =>
  sharesOf(row).map(({ identity, amountMinor }, i) => ({
    identity,
    amount: formatMinor(amountsMinor?.[i] ?? amountMinor, row.unit),
  }));

/** An account with its balances, which the ledger keeps and shows to the account's holder. */
export async function accountView(
  ctx: Pick<ReadContext, 'query'>,
  row: RowOf<typeof accounts>,
): Promise<OutputOf<typeof qwallet.account>> {
  const books = await ctx.query(ledger.account, { accountId: ledgerIdOf(row.id) });
  const posted = subDecimal(books.creditsPosted, books.debitsPosted);
  const limit = (name: 'perCall' | 'perDay', minor: bigint | null) =>
    minor === null ? {} : { [name]: formatMinor(minor, row.unit) };
  return {
    accountId: row.id,
    owner: row.owner,
    unit: row.unit,
    posted,
    held: books.debitsPending,
    available: subDecimal(posted, books.debitsPending),
    ...limit('perCall', row.per_call_minor),
    ...limit('perDay', row.per_day_minor),
  };
}
