import { fail } from '@anarq/common-schemas';
import { canonicalJson } from '@anarq/crypto';
import type { Queries } from '@anarq/ledger-engine';
import { amountText, readAmount } from '../amounts.ts';
import { contentMark, keyText, transferKey } from '../books/keys.ts';
import { transferEntry, type TransferEntry } from '../books/records.ts';
import type { TransferRequest } from '../books/requests.ts';
import type { AccountName } from '../names.ts';
import { TRANSFER_FLAGS } from '../flags.ts';

/** A movement of a transaction, its amount in minor units of its unit. */
export interface Posting {
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountMinor: bigint;
  readonly unit: string;
}

/** The same as the contract has it. */
interface GivenPosting {
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amount: string;
  readonly unit: string;
}

/** The transfer that a posting is, counted from 1. */
export const transferIdOf = (transactionId: string, number: number): string =>
  `${transactionId}.${number}`;

/** @throws AMOUNT_INVALID */
export const readPosting = ({ amount, ...posting }: GivenPosting): Posting => ({
  ...posting,
  amountMinor: readAmount(amount, posting.unit),
});

export const writePosting = ({ amountMinor, ...posting }: Posting): GivenPosting => ({
  debitAccountId: posting.debitAccountId,
  creditAccountId: posting.creditAccountId,
  amount: amountText(amountMinor, posting.unit),
  unit: posting.unit,
});

/** The postings of a transaction as the books have them. */
export const entriesOf = (
  queries: Queries,
  tenant: string,
  id: string,
  count: number,
): TransferEntry[] =>
  Array.from({ length: count }, (_, index) => {
    const record = queries.transfer(transferKey(tenant, transferIdOf(id, index + 1)));
    if (record === undefined) throw new Error(`the books lack posting ${index + 1} of ${id}`);
    return transferEntry(record);
  });

/** The same with the names of their accounts. */
export const postingsFrom = (
  entries: readonly TransferEntry[],
  accounts: ReadonlyMap<string, AccountName>,
): Posting[] => {
  const idOf = (key: bigint): string => accounts.get(keyText(key))?.id ?? keyText(key);
  return entries.map(({ debitKey, creditKey, amountMinor, unit }) => ({
    debitAccountId: idOf(debitKey),
    creditAccountId: idOf(creditKey),
    amountMinor,
    unit,
  }));
};

/** What stands under the id of a transaction: the same again comes to the same mark, nothing else does. */
export const markOf = (content: Readonly<Record<string, unknown>>): bigint =>
  contentMark(canonicalJson(content));

/** What all postings of a transaction have in common. */
export interface Heading {
  readonly id: string;
  readonly code: number;
  readonly mark: bigint;
}

/** The transfers of a transaction: one chain, all of it or nothing. */
export const transfersOf = (
  { id, code, mark }: Heading,
  postings: readonly Posting[],
): TransferRequest[] =>
  postings.map((posting, index) => ({
    ...posting,
    id: transferIdOf(id, index + 1),
    code,
    mark,
    timeout_s: 0,
    flags: index === postings.length - 1 ? 0 : TRANSFER_FLAGS.linked,
  }));

/** What the caller said that it would move at most. */
export interface Ceiling {
  readonly maxAmount?: string | undefined;
  readonly unit?: string | undefined;
}

/**
 * Holds the sum of the postings against what the caller said that it would move at most.
 * @throws PRICE_ABOVE_LIMIT, or INPUT_INVALID where there is no unit or a posting is in another one
 */
export function checkCeiling({ maxAmount, unit }: Ceiling, postings: readonly Posting[]): void {
  if (maxAmount === undefined) return;
  if (unit === undefined) return fail('INPUT_INVALID', 'maxAmount says nothing without its unit.');
  if (postings.some((posting) => posting.unit !== unit))
    fail('INPUT_INVALID', `Under a limit in ${unit} every posting is in ${unit}.`, { unit });
  const total = postings.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  if (total > readAmount(maxAmount, unit))
    fail('PRICE_ABOVE_LIMIT', `The postings move more than ${maxAmount} ${unit}.`, {
      maxAmount,
      unit,
    });
}
