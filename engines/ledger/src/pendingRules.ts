import { F_CODE_FLAGS, FACT_WORDS } from './accounts.ts';
import type { Books } from './books.ts';
import {
  AccountFlag,
  BALANCE_WORDS,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_ID,
  T_LEDGER,
  T_PENDING,
  T_TIMEOUT_S,
  T_TIMESTAMP,
  T_USER_128,
  T_USER_32,
  T_USER_64,
  TransferFlag,
} from './layout.ts';
import { highOfNs, lowOfNs } from './nanoseconds.ts';
import { TRANSFER_RESULTS as R } from './results.ts';
import { Status } from './statuses.ts';
import { store } from './store.ts';
import { isInPlace } from './times.ts';
import { NO_EVENT } from './transferIds.ts';
import { addTo, copyTo, isEqual, isLess, isMax, isZero, takeFrom } from './u128.ts';

/** What neither posts nor voids may carry. */
const EXCLUSIVE =
  TransferFlag.PENDING |
  TransferFlag.BALANCING_DEBIT |
  TransferFlag.BALANCING_CREDIT |
  TransferFlag.CLOSING_DEBIT |
  TransferFlag.CLOSING_CREDIT;
const RESOLVING = TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING;
const CLOSED_WORD = AccountFlag.CLOSED << 16;

/** The pending transfer, and the amount that is posted or voided; reused. */
const pending = new Uint32Array(RECORD_WORDS);
const amount = new Uint32Array(4);

/** Posts a pending transfer, all or a part of it, or voids it; or says why not. */
export function resolvePending(
  books: Books,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
  ordinal: number,
): number {
  const flags = words[at + T_CODE_FLAGS]! >>> 16;
  const malformed = shapeOf(words, at, flags);
  if (malformed !== R.created) return malformed;
  const { events, accounts } = books;
  const held = books.ids.find(words, at + T_PENDING);
  if (held === NO_EVENT) return R.pending_transfer_not_found;
  const status = events.statuses.get(held);
  if (status === Status.ORPHANED) return R.pending_transfer_not_found;
  if (status === Status.CREATED) return R.pending_transfer_not_pending;
  events.read(held);
  for (let word = 0; word < RECORD_WORDS; word++) pending[word] = events.words[events.at + word]!;
  const isVoid = (flags & TransferFlag.VOID_PENDING) !== 0;
  const differing = differenceOf(words, at, isVoid);
  if (differing !== R.created) return differing;
  if (status === Status.POSTED) return R.pending_transfer_already_posted;
  if (status === Status.VOIDED) return R.pending_transfer_already_voided;
  if (status === Status.EXPIRED || isOver(low, high)) return R.pending_transfer_expired;
  const isImported = (flags & TransferFlag.IMPORTED) !== 0;
  const timestampLow = isImported ? words[at + T_TIMESTAMP]! : low;
  const timestampHigh = isImported ? words[at + T_TIMESTAMP + 1]! : high;
  if (isImported && !isInPlace(books, timestampLow, timestampHigh))
    return R.imported_event_timestamp_must_not_regress;
  const debit = accounts.find(pending, T_DEBIT);
  const credit = accounts.find(pending, T_CREDIT);
  const { facts } = accounts;
  if (!isVoid) {
    if ((facts[debit * FACT_WORDS + F_CODE_FLAGS]! & CLOSED_WORD) !== 0)
      return R.debit_account_already_closed;
    if ((facts[credit * FACT_WORDS + F_CODE_FLAGS]! & CLOSED_WORD) !== 0)
      return R.credit_account_already_closed;
  }

  // From here on it succeeds.
  const { undo } = books;
  undo.account(books, debit);
  undo.account(books, credit);
  undo.record(words, at);
  undo.status(held, Status.PENDING);
  completed(words, at);
  books.ids.add(words, at + T_ID, ordinal);
  events.statuses.set(held, isVoid ? Status.VOIDED : Status.POSTED);
  release(books, debit, credit);
  if (!isVoid) {
    addTo(accounts.balances, debit * BALANCE_WORDS + DEBITS_POSTED, amount, 0);
    addTo(accounts.balances, credit * BALANCE_WORDS + CREDITS_POSTED, amount, 0);
  }
  const { CREATED } = Status;
  store(books, timestampLow, timestampHigh, ordinal, debit, credit, CREATED);
  return R.created;
}

/**
 * Ends a pending transfer whose time is over. The event is stored as a copy of it, with the instant of
 * its end.
 */
export function expire(
  books: Books,
  held: number,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
  ordinal: number,
): void {
  const { events, accounts } = books;
  events.read(held);
  for (let word = 0; word < RECORD_WORDS; word++) {
    pending[word] = events.words[events.at + word]!;
    words[at + word] = word < T_TIMESTAMP ? pending[word]! : 0;
  }
  const debit = accounts.find(pending, T_DEBIT);
  const credit = accounts.find(pending, T_CREDIT);
  release(books, debit, credit);
  events.statuses.set(held, Status.EXPIRED);
  store(books, low, high, ordinal, debit, credit, Status.EXPIRY);
}

/** Frees what the pending transfer held, and opens what it had closed. */
function release({ accounts }: Books, debit: number, credit: number): void {
  const { balances, facts } = accounts;
  takeFrom(balances, debit * BALANCE_WORDS + DEBITS_PENDING, pending, T_AMOUNT);
  takeFrom(balances, credit * BALANCE_WORDS + CREDITS_PENDING, pending, T_AMOUNT);
  const flags = pending[T_CODE_FLAGS]! >>> 16;
  // A closed account allows no posting: what closed it can only be voided, or expire.
  if ((flags & TransferFlag.CLOSING_DEBIT) !== 0)
    facts[debit * FACT_WORDS + F_CODE_FLAGS]! &= ~CLOSED_WORD;
  if ((flags & TransferFlag.CLOSING_CREDIT) !== 0)
    facts[credit * FACT_WORDS + F_CODE_FLAGS]! &= ~CLOSED_WORD;
}

/** What is wrong with it whatever the books hold. */
function shapeOf(words: Uint32Array, at: number, flags: number): number {
  if ((flags & RESOLVING) === RESOLVING || (flags & EXCLUSIVE) !== 0)
    return R.flags_are_mutually_exclusive;
  if (isZero(words, at + T_PENDING)) return R.pending_id_must_not_be_zero;
  if (isMax(words, at + T_PENDING)) return R.pending_id_must_not_be_int_max;
  if (isEqual(words, at + T_PENDING, words, at + T_ID)) return R.pending_id_must_be_different;
  if (words[at + T_TIMEOUT_S] !== 0) return R.timeout_reserved_for_pending_transfer;
  return R.created;
}

/** How what was asked for differs from the pending transfer. Sets the amount that is meant. */
function differenceOf(words: Uint32Array, at: number, isVoid: boolean): number {
  if (!isZero(words, at + T_DEBIT) && !isEqual(words, at + T_DEBIT, pending, T_DEBIT))
    return R.pending_transfer_has_different_debit_account_id;
  if (!isZero(words, at + T_CREDIT) && !isEqual(words, at + T_CREDIT, pending, T_CREDIT))
    return R.pending_transfer_has_different_credit_account_id;
  const ledger = words[at + T_LEDGER]!;
  if (ledger !== 0 && ledger !== pending[T_LEDGER]) return R.pending_transfer_has_different_ledger;
  const code = words[at + T_CODE_FLAGS]! & 0xffff;
  if (code !== 0 && code !== (pending[T_CODE_FLAGS]! & 0xffff))
    return R.pending_transfer_has_different_code;
  const asksForAll = isVoid ? isZero(words, at + T_AMOUNT) : isMax(words, at + T_AMOUNT);
  if (asksForAll) copyTo(amount, 0, pending, T_AMOUNT);
  else copyTo(amount, 0, words, at + T_AMOUNT);
  if (isLess(pending, T_AMOUNT, amount, 0)) return R.exceeds_pending_transfer_amount;
  if (isVoid && isLess(amount, 0, pending, T_AMOUNT))
    return R.pending_transfer_has_different_amount;
  return R.created;
}

/** Whether the time of the pending transfer is over at an instant, though nothing has ended it yet. */
function isOver(low: number, high: number): boolean {
  const timeout_s = pending[T_TIMEOUT_S]!;
  if (timeout_s === 0) return false;
  const sum = pending[T_TIMESTAMP]! + lowOfNs(timeout_s);
  const endHigh = pending[T_TIMESTAMP + 1]! + highOfNs(timeout_s) + (sum > 0xffffffff ? 1 : 0);
  return endHigh < high || (endHigh === high && sum >>> 0 <= low);
}

/** Fills in what the request left out. */
function completed(words: Uint32Array, at: number): void {
  copyTo(words, at + T_DEBIT, pending, T_DEBIT);
  copyTo(words, at + T_CREDIT, pending, T_CREDIT);
  copyTo(words, at + T_AMOUNT, amount, 0);
  if (isZero(words, at + T_USER_128)) copyTo(words, at + T_USER_128, pending, T_USER_128);
  if ((words[at + T_USER_64]! | words[at + T_USER_64 + 1]!) === 0) {
    words[at + T_USER_64] = pending[T_USER_64]!;
    words[at + T_USER_64 + 1] = pending[T_USER_64 + 1]!;
  }
  if (words[at + T_USER_32] === 0) words[at + T_USER_32] = pending[T_USER_32]!;
  words[at + T_LEDGER] = pending[T_LEDGER]!;
  const flags = words[at + T_CODE_FLAGS]! & 0xffff0000;
  words[at + T_CODE_FLAGS] = flags | (pending[T_CODE_FLAGS]! & 0xffff);
}
