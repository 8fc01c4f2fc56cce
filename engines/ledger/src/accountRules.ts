import {
  F_CODE_FLAGS,
  F_LEDGER,
  F_USER_128,
  F_USER_32,
  F_USER_64,
  FACT_WORDS,
  NOBODY,
} from './accounts.ts';
import { LAST_ACCOUNT, type Books } from './books.ts';
import {
  A_BALANCES,
  A_CODE_FLAGS,
  A_ID,
  A_LEDGER,
  A_RESERVED,
  A_TIMESTAMP,
  A_USER_128,
  A_USER_32,
  A_USER_64,
  ACCOUNT_FLAGS_RESERVED,
  AccountFlag,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
} from './layout.ts';
import { ACCOUNT_RESULTS as R } from './results.ts';
import { hasTransferAt } from './times.ts';
import { isEqual, isMax, isZero } from './u128.ts';

const EXCLUSIVE =
  AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS;

/** Opens an account, or says why not: the first reason in the order of the table. */
export function createAccount(
  books: Books,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
): number {
  if (words[at + A_RESERVED] !== 0) return R.reserved_field;
  const flags = words[at + A_CODE_FLAGS]! >>> 16;
  if ((flags & ACCOUNT_FLAGS_RESERVED) !== 0) return R.reserved_flag;
  if (isZero(words, at + A_ID)) return R.id_must_not_be_zero;
  if (isMax(words, at + A_ID)) return R.id_must_not_be_int_max;
  const existing = books.accounts.find(words, at + A_ID);
  if (existing !== NOBODY) return compared(books, words, at, existing);
  if ((flags & EXCLUSIVE) === EXCLUSIVE) return R.flags_are_mutually_exclusive;
  if (!isZero(words, at + A_BALANCES + DEBITS_PENDING)) return R.debits_pending_must_be_zero;
  if (!isZero(words, at + A_BALANCES + DEBITS_POSTED)) return R.debits_posted_must_be_zero;
  if (!isZero(words, at + A_BALANCES + CREDITS_PENDING)) return R.credits_pending_must_be_zero;
  if (!isZero(words, at + A_BALANCES + CREDITS_POSTED)) return R.credits_posted_must_be_zero;
  if (words[at + A_LEDGER] === 0) return R.ledger_must_not_be_zero;
  if ((words[at + A_CODE_FLAGS]! & 0xffff) === 0) return R.code_must_not_be_zero;
  let timestampLow = low;
  let timestampHigh = high;
  if ((flags & AccountFlag.IMPORTED) !== 0) {
    timestampLow = words[at + A_TIMESTAMP]!;
    timestampHigh = words[at + A_TIMESTAMP + 1]!;
    const { last } = books;
    const isLate =
      timestampHigh > last[LAST_ACCOUNT + 1]! ||
      (timestampHigh === last[LAST_ACCOUNT + 1] && timestampLow > last[LAST_ACCOUNT]!);
    if (!isLate || hasTransferAt(books, timestampLow, timestampHigh))
      return R.imported_event_timestamp_must_not_regress;
  }
  books.accounts.open(words, at, timestampLow, timestampHigh);
  books.last[LAST_ACCOUNT] = timestampLow;
  books.last[LAST_ACCOUNT + 1] = timestampHigh;
  return R.created;
}

/** How an account that was asked for differs from the one with its id. */
function compared(books: Books, words: Uint32Array, at: number, index: number): number {
  const { facts } = books.accounts;
  const fact = index * FACT_WORDS;
  const codeFlags = words[at + A_CODE_FLAGS]!;
  if (codeFlags >>> 16 !== facts[fact + F_CODE_FLAGS]! >>> 16) return R.exists_with_different_flags;
  if (!isEqual(words, at + A_USER_128, facts, fact + F_USER_128))
    return R.exists_with_different_user_data_128;
  const user64 = fact + F_USER_64;
  if (words[at + A_USER_64] !== facts[user64] || words[at + A_USER_64 + 1] !== facts[user64 + 1])
    return R.exists_with_different_user_data_64;
  if (words[at + A_USER_32] !== facts[fact + F_USER_32])
    return R.exists_with_different_user_data_32;
  if (words[at + A_LEDGER] !== facts[fact + F_LEDGER]) return R.exists_with_different_ledger;
  if ((codeFlags & 0xffff) !== (facts[fact + F_CODE_FLAGS]! & 0xffff))
    return R.exists_with_different_code;
  return R.exists;
}
