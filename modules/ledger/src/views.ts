import { fail, type InputOf, type OutputOf } from '@anarq/common-schemas';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import { formatMinor } from '@anarq/decimal';
import type { Row } from '@anarq/store';
import { ACCOUNT_FLAGS, toNames, type AccountState } from './account.ts';
import type { ledger } from './contract.ts';
import { TRANSFER_FLAGS, type TransferState } from './transfer.ts';

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

/** An account as the contract shows it: decimal strings, names of flags. */
export const accountView = (account: AccountState): OutputOf<typeof ledger.account> => ({
  id: account.id,
  owner: account.owner,
  ...(account.holder === undefined ? {} : { holder: account.holder }),
  unit: account.unit,
  code: account.code,
  flags: toNames(ACCOUNT_FLAGS, account.flags),
  ...(account.userData === undefined ? {} : { userData: account.userData }),
  debitsPending: formatMinor(account.debitsPendingMinor, account.unit),
  debitsPosted: formatMinor(account.debitsPostedMinor, account.unit),
  creditsPending: formatMinor(account.creditsPendingMinor, account.unit),
  creditsPosted: formatMinor(account.creditsPostedMinor, account.unit),
  createdAt: instant(account.created_ms),
});

/** A transfer as the contract shows it. */
export const transferView = (transfer: TransferState): OutputOf<typeof ledger.transfer> => ({
  id: transfer.id,
  debitAccountId: transfer.debitAccountId,
  creditAccountId: transfer.creditAccountId,
  amount: formatMinor(transfer.amountMinor, transfer.unit),
  unit: transfer.unit,
  code: transfer.code,
  flags: toNames(TRANSFER_FLAGS, transfer.flags),
  ...(transfer.pendingId === undefined ? {} : { pendingId: transfer.pendingId }),
  ...(transfer.userData === undefined ? {} : { userData: transfer.userData }),
  phase: transfer.phase,
  ...(transfer.expires_ms === undefined ? {} : { expiresAt: instant(transfer.expires_ms) }),
  createdAt: instant(transfer.created_ms),
});

/** A row of ledger_balance as the contract shows it. */
export const balanceView = (
  row: Row,
  unit: string,
): OutputOf<typeof ledger.balances>['items'][number] => {
  const amount = (column: string) => formatMinor(row[column] as bigint, unit);
  return {
    transferId: row['transfer'] as string,
    debitsPending: amount('debits_pending_minor'),
    debitsPosted: amount('debits_posted_minor'),
    creditsPending: amount('credits_pending_minor'),
    creditsPosted: amount('credits_posted_minor'),
    at: instant(row['created_ms'] as number),
  };
};

const LIMIT_DEFAULT = 50;

export const limitOf = (input: Pick<InputOf<typeof ledger.accounts>, 'limit'>): number =>
  input.limit ?? LIMIT_DEFAULT;

/** Cuts what was read, one more than the page, and says where the next page starts. */
export function pageOf<T, V>(
  found: readonly T[],
  limit: number,
  view: (item: T) => V,
  place: (item: T) => string,
): { items: V[]; next?: string } {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map(view);
  return found.length > limit && last !== undefined
    ? { items, next: toBase64url(utf8(place(last))) }
    : { items };
}

/** @throws INPUT_INVALID for a cursor that no list of this module gave */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(cursor));
  } catch {
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  }
}

/** A cursor over `seq`. @throws INPUT_INVALID */
export function readSeqCursor(cursor: string | undefined): number | undefined {
  const text = readCursor(cursor);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(text))
    fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor: text });
  return Number(text);
}
