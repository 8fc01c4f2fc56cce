import { F_CODE_FLAGS, F_LEDGER, F_TIMESTAMP, FACT_WORDS, NOBODY } from './accounts.ts';
import type { Books } from './books.ts';
import { exceedsCredits, exceedsDebits, settleBalance } from './balances.ts';
import { comparedTransfer } from './existing.ts';
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
  TRANSFER_FLAGS_RESERVED,
  TransferFlag,
} from './layout.ts';
import { highOfNs, lowOfNs } from './nanoseconds.ts';
import { resolvePending } from './pendingRules.ts';
import { TRANSFER_RESULTS as R } from './results.ts';
import { Status } from './statuses.ts';
import { store } from './store.ts';
import { isInPlace } from './times.ts';
import { NO_EVENT } from './transferIds.ts';
import { addTo, copyTo, isEqual, isMax, isZero, sumOverflows } from './u128.ts';

const RESOLVING = TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING;
const CLOSING = TransferFlag.CLOSING_DEBIT | TransferFlag.CLOSING_CREDIT;
const BALANCING = TransferFlag.BALANCING_DEBIT | TransferFlag.BALANCING_CREDIT;
const CLOSED_WORD = AccountFlag.CLOSED << 16;

/** The amount that is moved, and a sum of balances; reused from transfer to transfer. */
const amount = new Uint32Array(4);
const sum = new Uint32Array(4);
/** When a pending transfer ends, low and high word. */
const end = new Uint32Array(2);

/**
 * Moves money, or holds it, or says why not: the first reason in the order of the table. What is stored
 * of it is written over what was asked for.
 * @param ordinal of the event
 * @param low of the event's time, and high
 */
export function createTransfer(
  books: Books,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
  ordinal: number,
): number {
  const flags = words[at + T_CODE_FLAGS]! >>> 16;
  if ((flags & TRANSFER_FLAGS_RESERVED) !== 0) return R.reserved_flag;
  if (isZero(words, at + T_ID)) return R.id_must_not_be_zero;
  if (isMax(words, at + T_ID)) return R.id_must_not_be_int_max;
  const existing = books.ids.find(words, at + T_ID);
  if (existing !== NO_EVENT) return comparedTransfer(books, words, at, existing);
  if ((flags & RESOLVING) !== 0) return resolvePending(books, words, at, low, high, ordinal);
  const malformed = shapeOf(words, at, flags);
  if (malformed !== R.created) return malformed;
  const { accounts, parties } = books;
  const event = at / RECORD_WORDS;
  const debit = parties.debitOf(accounts, words, event);
  if (debit === NOBODY) return R.debit_account_not_found;
  const credit = parties.creditOf(event);
  if (credit === NOBODY) return R.credit_account_not_found;
  const { facts } = accounts;
  const debitFact = debit * FACT_WORDS;
  const creditFact = credit * FACT_WORDS;
  const ledger = facts[debitFact + F_LEDGER];
  if (ledger !== facts[creditFact + F_LEDGER]) return R.accounts_must_have_the_same_ledger;
  if (words[at + T_LEDGER] !== ledger) return R.transfer_must_have_the_same_ledger_as_accounts;
  let timestampLow = low;
  let timestampHigh = high;
  if ((flags & TransferFlag.IMPORTED) !== 0) {
    timestampLow = words[at + T_TIMESTAMP]!;
    timestampHigh = words[at + T_TIMESTAMP + 1]!;
    const misplaced = placeOf(books, timestampLow, timestampHigh, debitFact, creditFact);
    if (misplaced !== R.created) return misplaced;
    if (words[at + T_TIMEOUT_S] !== 0) return R.imported_event_timeout_must_be_zero;
  }
  if ((facts[debitFact + F_CODE_FLAGS]! & CLOSED_WORD) !== 0) return R.debit_account_already_closed;
  if ((facts[creditFact + F_CODE_FLAGS]! & CLOSED_WORD) !== 0)
    return R.credit_account_already_closed;
  const { balances } = accounts;
  const debitAt = debit * BALANCE_WORDS;
  const creditAt = credit * BALANCE_WORDS;
  copyTo(amount, 0, words, at + T_AMOUNT);
  if ((flags & BALANCING) !== 0) {
    if ((flags & TransferFlag.BALANCING_DEBIT) !== 0)
      settleBalance(amount, balances, debitAt + CREDITS_POSTED, debitAt + DEBITS_PENDING);
    if ((flags & TransferFlag.BALANCING_CREDIT) !== 0)
      settleBalance(amount, balances, creditAt + DEBITS_POSTED, creditAt + CREDITS_PENDING);
  }
  const overflow = overflowOf(balances, debitAt, creditAt, (flags & TransferFlag.PENDING) !== 0);
  if (overflow !== R.created) return overflow;
  const timeout_s = words[at + T_TIMEOUT_S]!;
  if (timeout_s !== 0 && !endsInTime(timestampLow, timestampHigh, timeout_s))
    return R.overflows_timeout;
  if (exceedsCredits(accounts, debit, amount)) return R.exceeds_credits;
  if (exceedsDebits(accounts, credit, amount)) return R.exceeds_debits;
  move(books, words, at, timestampLow, timestampHigh, ordinal, debit, credit);
  return R.created;
}

/** Why a sum of balances would not fit into 128 bits. */
function overflowOf(
  balances: Uint32Array,
  debitAt: number,
  creditAt: number,
  isPending: boolean,
): number {
  // Balances below 2^96 are all but every balance there is: no sum of three of them is beyond 128 bits.
  const tops =
    amount[3]! |
    balances[debitAt + DEBITS_PENDING + 3]! |
    balances[debitAt + DEBITS_POSTED + 3]! |
    balances[creditAt + CREDITS_PENDING + 3]! |
    balances[creditAt + CREDITS_POSTED + 3]!;
  if (tops === 0) return R.created;
  if (isPending) {
    if (sumOverflows(balances, debitAt + DEBITS_PENDING, amount, 0))
      return R.overflows_debits_pending;
    if (sumOverflows(balances, creditAt + CREDITS_PENDING, amount, 0))
      return R.overflows_credits_pending;
  }
  if (sumOverflows(balances, debitAt + DEBITS_POSTED, amount, 0)) return R.overflows_debits_posted;
  if (sumOverflows(balances, creditAt + CREDITS_POSTED, amount, 0))
    return R.overflows_credits_posted;
  copyTo(sum, 0, balances, debitAt + DEBITS_PENDING);
  addTo(sum, 0, balances, debitAt + DEBITS_POSTED);
  if (sumOverflows(sum, 0, amount, 0)) return R.overflows_debits;
  copyTo(sum, 0, balances, creditAt + CREDITS_PENDING);
  addTo(sum, 0, balances, creditAt + CREDITS_POSTED);
  return sumOverflows(sum, 0, amount, 0) ? R.overflows_credits : R.created;
}

/** Works out when a pending transfer ends. @returns false where that is past the last instant */
function endsInTime(low: number, high: number, timeout_s: number): boolean {
  const sumLow = low + lowOfNs(timeout_s);
  end[0] = sumLow;
  const sumHigh = high + highOfNs(timeout_s) + (sumLow > 0xffffffff ? 1 : 0);
  end[1] = sumHigh;
  return sumHigh <= 0x7fffffff;
}

/** Moves the amount, or holds it: nothing speaks against it any more. */
function move(
  books: Books,
  words: Uint32Array,
  at: number,
  low: number,
  high: number,
  ordinal: number,
  debit: number,
  credit: number,
): void {
  const { undo } = books;
  const { balances, facts } = books.accounts;
  const debitAt = debit * BALANCE_WORDS;
  const creditAt = credit * BALANCE_WORDS;
  const flags = words[at + T_CODE_FLAGS]! >>> 16;
  undo.account(books, debit);
  undo.account(books, credit);
  undo.record(words, at);
  copyTo(words, at + T_AMOUNT, amount, 0);
  books.ids.add(words, at + T_ID, ordinal);
  if ((flags & TransferFlag.PENDING) === 0) {
    addTo(balances, debitAt + DEBITS_POSTED, amount, 0);
    addTo(balances, creditAt + CREDITS_POSTED, amount, 0);
    store(books, low, high, ordinal, debit, credit, Status.CREATED);
    return;
  }
  addTo(balances, debitAt + DEBITS_PENDING, amount, 0);
  addTo(balances, creditAt + CREDITS_PENDING, amount, 0);
  if (words[at + T_TIMEOUT_S] !== 0 && !undo.expiry(end[0]!, end[1]!, ordinal))
    books.expiries.add(end[0]!, end[1]!, ordinal);
  if ((flags & TransferFlag.CLOSING_DEBIT) !== 0)
    facts[debit * FACT_WORDS + F_CODE_FLAGS]! |= CLOSED_WORD;
  if ((flags & TransferFlag.CLOSING_CREDIT) !== 0)
    facts[credit * FACT_WORDS + F_CODE_FLAGS]! |= CLOSED_WORD;
  store(books, low, high, ordinal, debit, credit, Status.PENDING);
}

/** What is wrong with a transfer whatever the books hold. */
function shapeOf(words: Uint32Array, at: number, flags: number): number {
  if (isZero(words, at + T_DEBIT)) return R.debit_account_id_must_not_be_zero;
  if (isMax(words, at + T_DEBIT)) return R.debit_account_id_must_not_be_int_max;
  if (isZero(words, at + T_CREDIT)) return R.credit_account_id_must_not_be_zero;
  if (isMax(words, at + T_CREDIT)) return R.credit_account_id_must_not_be_int_max;
  if (isEqual(words, at + T_DEBIT, words, at + T_CREDIT)) return R.accounts_must_be_different;
  if (!isZero(words, at + T_PENDING)) return R.pending_id_must_be_zero;
  if ((flags & TransferFlag.PENDING) === 0) {
    if (words[at + T_TIMEOUT_S] !== 0) return R.timeout_reserved_for_pending_transfer;
    if ((flags & CLOSING) !== 0) return R.closing_transfer_must_be_pending;
  }
  if (words[at + T_LEDGER] === 0) return R.ledger_must_not_be_zero;
  if ((words[at + T_CODE_FLAGS]! & 0xffff) === 0) return R.code_must_not_be_zero;
  return R.created;
}

/** What is wrong with the time of an imported transfer. */
function placeOf(
  books: Books,
  low: number,
  high: number,
  debitFact: number,
  creditFact: number,
): number {
  const { accounts } = books;
  if (!isInPlace(books, low, high)) return R.imported_event_timestamp_must_not_regress;
  const isAfter = (words: Uint32Array, from: number): boolean =>
    high > words[from + 1]! || (high === words[from + 1] && low > words[from]!);
  if (!isAfter(accounts.facts, debitFact + F_TIMESTAMP))
    return R.imported_event_timestamp_must_postdate_debit_account;
  if (!isAfter(accounts.facts, creditFact + F_TIMESTAMP))
    return R.imported_event_timestamp_must_postdate_credit_account;
  return R.created;
}
