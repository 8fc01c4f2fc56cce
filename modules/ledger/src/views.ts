import { fail, type InputOf, type OutputOf } from '@anarq/common-schemas';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import type { Balances, BalancesAt } from '@anarq/ledger-engine';
import type { NamedAccount } from './accounts.ts';
import { amountText } from './amounts.ts';
import type { ledger } from './contract.ts';
import { ACCOUNT_STATES, toNames, TRANSFER_STATES } from './flags.ts';
import { instantText } from './instants.ts';
import type { NamedTransfer } from './transfers.ts';

const MS_PER_S = 1_000;

/** The four balances of an account as decimal strings. */
export const balancesText = (balances: Balances, unit: string) => ({
  debitsPending: amountText(balances.debitsPending, unit),
  debitsPosted: amountText(balances.debitsPosted, unit),
  creditsPending: amountText(balances.creditsPending, unit),
  creditsPosted: amountText(balances.creditsPosted, unit),
});

/** An account as the contract shows it: decimal strings, names of flags. */
export const accountView = ({ name, entry }: NamedAccount): OutputOf<typeof ledger.account> => ({
  id: name.id,
  owner: name.owner,
  ...(name.holder === undefined ? {} : { holder: name.holder }),
  unit: entry.unit,
  code: entry.code,
  flags: toNames(ACCOUNT_STATES, entry.flags),
  ...(name.userData === undefined ? {} : { userData: name.userData }),
  ...balancesText(entry, entry.unit),
  createdAt: instantText(entry.timestamp),
  timestamp: entry.timestamp.toString(),
});

/** A transfer as the contract shows it. */
export const transferView = (of: NamedTransfer): OutputOf<typeof ledger.transfer> => {
  const { entry } = of;
  const expires = of.phase !== 'none' && entry.timeout_s > 0;
  return {
    id: of.id,
    debitAccountId: of.debit.id,
    creditAccountId: of.credit.id,
    amount: amountText(entry.amountMinor, entry.unit),
    unit: entry.unit,
    code: entry.code,
    flags: toNames(TRANSFER_STATES, entry.flags),
    ...(of.pendingId === undefined ? {} : { pendingId: of.pendingId }),
    ...(of.userData === undefined ? {} : { userData: of.userData }),
    phase: of.phase,
    ...(expires ? { expiresAt: instantText(entry.timestamp, entry.timeout_s * MS_PER_S) } : {}),
    createdAt: instantText(entry.timestamp),
    timestamp: entry.timestamp.toString(),
  };
};

/** How a transfer left an account with history, as the contract shows it. */
export const balanceView = (
  transferId: string,
  balances: BalancesAt,
  unit: string,
): OutputOf<typeof ledger.balances>['items'][number] => ({
  transferId,
  ...balancesText(balances, unit),
  at: instantText(balances.timestamp),
});

const LIMIT_DEFAULT = 50;

export const limitOf = (input: Pick<InputOf<typeof ledger.accounts>, 'limit'>): number =>
  input.limit ?? LIMIT_DEFAULT;

/** Where the next page starts, where there is one. */
export const nextOf = (hasMore: boolean, place: string | undefined): { next?: string } =>
  hasMore && place !== undefined ? { next: toBase64url(utf8(place)) } : {};

/** @throws INPUT_INVALID for a cursor that no list of this module gave */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(cursor));
  } catch {
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  }
}

/** A cursor over instants of the books, in nanoseconds. @throws INPUT_INVALID */
export function readTimeCursor(cursor: string | undefined): bigint | undefined {
  const text = readCursor(cursor);
  if (text === undefined) return undefined;
  if (!/^[0-9]{1,19}$/.test(text))
    fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor: text });
  return BigInt(text);
}

/** A cursor over numbers of events. @throws INPUT_INVALID */
export function readNumberCursor(cursor: string | undefined): number | undefined {
  const number = readTimeCursor(cursor);
  if (number === undefined) return undefined;
  if (number > BigInt(Number.MAX_SAFE_INTEGER))
    fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor: `${number}` });
  return Number(number);
}
