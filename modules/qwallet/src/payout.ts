import type { InputOf } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import type { ledger } from '@anarq/ledger/contract';
import { accountIdOf, clearingIdOf, ledgerIdOf, TRANSFER_CODES } from './ledgerAccounts.ts';
import { sharesOf, type IntentRow } from './store.ts';

export type Transfers = InputOf<typeof ledger.createTransfers>['transfers'];

/** What leaves clearing for a payment leaves under these ids: paid out or given back, never both. */
const leavingId = ({ hold }: IntentRow, place: number): string => `${hold ?? ''}:out:${place}`;

/** Clearing passes all of a payment on: one chain, wholly or not at all. */
export function payingOut(row: IntentRow): Transfers {
  const shares = sharesOf(row);
  return shares.map(({ identity, amountMinor }, i) => ({
    id: leavingId(row, i),
    debitAccountId: clearingIdOf(row.unit),
    creditAccountId: ledgerIdOf(accountIdOf(identity, row.unit)),
    amount: formatMinor(amountMinor, row.unit),
    unit: row.unit,
    code: TRANSFER_CODES.payment,
    flags: i < shares.length - 1 ? ['linked'] : [],
    userData: row.id,
  }));
}

/** Clearing gives all of a payment back to its payer. */
export const givingBack = (row: IntentRow): Transfers => [
  {
    id: leavingId(row, 0),
    debitAccountId: clearingIdOf(row.unit),
    creditAccountId: ledgerIdOf(accountIdOf(row.owner, row.unit)),
    amount: formatMinor(row.amount_minor, row.unit),
    unit: row.unit,
    code: TRANSFER_CODES.refund,
    userData: row.id,
  },
];
