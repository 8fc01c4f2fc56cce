import type { Books } from './books.ts';
import {
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_LEDGER,
  T_PENDING,
  T_TIMEOUT_S,
  T_USER_128,
  T_USER_32,
  T_USER_64,
  TransferFlag,
} from './layout.ts';
import { TRANSFER_RESULTS as R } from './results.ts';
import { Status } from './statuses.ts';
import { isEqual, isLess, isMax, isZero } from './u128.ts';

const RESOLVING = TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING;
const BALANCING = TransferFlag.BALANCING_DEBIT | TransferFlag.BALANCING_CREDIT;

const existing = new Uint32Array(RECORD_WORDS);
const pending = new Uint32Array(RECORD_WORDS);

/** Reads an event into words of one's own. */
function readInto(into: Uint32Array, books: Books, ordinal: number): void {
  const { events } = books;
  events.read(ordinal);
  for (let word = 0; word < RECORD_WORDS; word++) into[word] = events.words[events.at + word]!;
}

/** How a transfer that was asked for differs from the one with its id. */
export function comparedTransfer(
  books: Books,
  words: Uint32Array,
  at: number,
  ordinal: number,
): number {
  if (books.events.statuses.get(ordinal) === Status.ORPHANED) return R.id_already_failed;
  const e = existing;
  readInto(e, books, ordinal);
  const flags = words[at + T_CODE_FLAGS]! >>> 16;
  if (flags !== e[T_CODE_FLAGS]! >>> 16) return R.exists_with_different_flags;
  if (!isEqual(words, at + T_PENDING, e, T_PENDING)) return R.exists_with_different_pending_id;
  if (words[at + T_TIMEOUT_S] !== e[T_TIMEOUT_S]) return R.exists_with_different_timeout;
  if ((flags & RESOLVING) !== 0) {
    readInto(pending, books, books.ids.find(e, T_PENDING));
    return comparedResolution(words, at, flags);
  }
  if (!isEqual(words, at + T_DEBIT, e, T_DEBIT)) return R.exists_with_different_debit_account_id;
  if (!isEqual(words, at + T_CREDIT, e, T_CREDIT)) return R.exists_with_different_credit_account_id;
  // What a balancing transfer asks for is the most that it may move.
  const isSameAmount =
    (flags & BALANCING) !== 0
      ? !isLess(words, at + T_AMOUNT, e, T_AMOUNT)
      : isEqual(words, at + T_AMOUNT, e, T_AMOUNT);
  if (!isSameAmount) return R.exists_with_different_amount;
  if (!isEqual(words, at + T_USER_128, e, T_USER_128)) return R.exists_with_different_user_data_128;
  if (words[at + T_USER_64] !== e[T_USER_64] || words[at + T_USER_64 + 1] !== e[T_USER_64 + 1])
    return R.exists_with_different_user_data_64;
  if (words[at + T_USER_32] !== e[T_USER_32]) return R.exists_with_different_user_data_32;
  if (words[at + T_LEDGER] !== e[T_LEDGER]) return R.exists_with_different_ledger;
  if (words[at + T_CODE_FLAGS] !== e[T_CODE_FLAGS]) return R.exists_with_different_code;
  return R.exists;
}

/** Likewise for one that posts or voids: what it leaves out was taken from the pending transfer. */
function comparedResolution(words: Uint32Array, at: number, flags: number): number {
  const e = existing;
  const p = pending;
  if (!isZero(words, at + T_DEBIT) && !isEqual(words, at + T_DEBIT, e, T_DEBIT))
    return R.exists_with_different_debit_account_id;
  if (!isZero(words, at + T_CREDIT) && !isEqual(words, at + T_CREDIT, e, T_CREDIT))
    return R.exists_with_different_credit_account_id;
  const asksForAll =
    (flags & TransferFlag.VOID_PENDING) !== 0
      ? isZero(words, at + T_AMOUNT)
      : isMax(words, at + T_AMOUNT);
  const isSameAmount = asksForAll
    ? isEqual(e, T_AMOUNT, p, T_AMOUNT)
    : isEqual(words, at + T_AMOUNT, e, T_AMOUNT);
  if (!isSameAmount) return R.exists_with_different_amount;
  const isUser128 = isZero(words, at + T_USER_128)
    ? isEqual(e, T_USER_128, p, T_USER_128)
    : isEqual(words, at + T_USER_128, e, T_USER_128);
  if (!isUser128) return R.exists_with_different_user_data_128;
  const asks64 = (words[at + T_USER_64]! | words[at + T_USER_64 + 1]!) !== 0;
  const from64 = asks64 ? words : p;
  const at64 = (asks64 ? at : 0) + T_USER_64;
  if (from64[at64] !== e[T_USER_64] || from64[at64 + 1] !== e[T_USER_64 + 1])
    return R.exists_with_different_user_data_64;
  const user32 = words[at + T_USER_32] === 0 ? p[T_USER_32] : words[at + T_USER_32];
  if (user32 !== e[T_USER_32]) return R.exists_with_different_user_data_32;
  const ledger = words[at + T_LEDGER];
  if (ledger !== 0 && ledger !== e[T_LEDGER]) return R.exists_with_different_ledger;
  const code = words[at + T_CODE_FLAGS]! & 0xffff;
  if (code !== 0 && code !== (e[T_CODE_FLAGS]! & 0xffff)) return R.exists_with_different_code;
  return R.exists;
}
