import { fail, type InputOf, type OutputOf } from '@anarq/common-schemas';
import { sha256Hex, utf8 } from '@anarq/crypto';
import type { ledger } from '@anarq/ledger/contract';

/** Why an account is there: codes of the wallet's own. */
const CODES = { wallet: 1, clearing: 2, issuance: 3 } as const;
/** Why a transfer was made. */
export const TRANSFER_CODES = { payment: 1, funding: 2, refund: 3 } as const;

type NewAccount = InputOf<typeof ledger.createAccounts>['accounts'][number];
type AccountResults = OutputOf<typeof ledger.createAccounts>['results'];

/** Id of an identity's wallet account in a unit: the same wherever it is derived. */
export const accountIdOf = (identity: string, unit: string): string =>
  `acct_${sha256Hex(utf8(`${identity}|${unit}`)).slice(0, 32)}`;

/**
 * Ledger accounts and transfers of the wallet carry its name, so that nobody else can take their
 * ids. All of them are owned by the wallet's own identity; who they belong to is their holder.
 */
export const ledgerIdOf = (accountId: string): string => `qwallet:${accountId}`;
export const clearingIdOf = (unit: string): string => `qwallet:clearing:${unit}`;
export const issuanceIdOf = (unit: string): string => `qwallet:issuance:${unit}`;

export const personal = (identity: string, unit: string): NewAccount => ({
  id: ledgerIdOf(accountIdOf(identity, unit)),
  unit,
  code: CODES.wallet,
  flags: ['debits_must_not_exceed_credits'],
  holder: identity,
});

/** Where captured money is on its way; it leaves at once, or when the purchase it is for goes on. */
export const clearing = (unit: string): NewAccount => ({
  id: clearingIdOf(unit),
  unit,
  code: CODES.clearing,
  flags: ['debits_must_not_exceed_credits'],
});

/** Where money is issued from: its debit balance is what was ever issued. */
export const issuance = (unit: string): NewAccount => ({
  id: issuanceIdOf(unit),
  unit,
  code: CODES.issuance,
  flags: [],
});

/** @throws STATE_CONFLICT where one of the accounts could not be opened as it must be */
export function checkOpened(results: AccountResults): void {
  const other = results.find(({ result }) => result !== 'created' && result !== 'exists');
  if (other !== undefined)
    fail('STATE_CONFLICT', `The ledger answers ${other.result} for ${other.id}.`, {
      state: other.result,
      id: other.id,
    });
}
