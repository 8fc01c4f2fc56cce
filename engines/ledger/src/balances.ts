import { F_CODE_FLAGS, FACT_WORDS, type Accounts } from './accounts.ts';
import {
  AccountFlag,
  BALANCE_WORDS,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
} from './layout.ts';
import { addTo, copyTo, isLess, sumOverflows, takeFrom } from './u128.ts';

const DEBITS_LIMITED = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS << 16;
const CREDITS_LIMITED = AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS << 16;
const HISTORY = AccountFlag.HISTORY << 16;

const sum = new Uint32Array(4);
const room = new Uint32Array(4);

/** pending + posted + amount of one side is more than what is posted on the other. */
function exceeds(
  balances: Uint32Array,
  pending: number,
  posted: number,
  amount: Uint32Array,
  limit: number,
): boolean {
  copyTo(sum, 0, balances, pending);
  addTo(sum, 0, balances, posted);
  addTo(sum, 0, amount, 0);
  return isLess(balances, limit, sum, 0);
}

/** An account whose debits must not exceed its credits would owe. The sums were seen to fit. */
export const exceedsCredits = (
  { balances, facts }: Accounts,
  index: number,
  amount: Uint32Array,
): boolean =>
  (facts[index * FACT_WORDS + F_CODE_FLAGS]! & DEBITS_LIMITED) !== 0 &&
  exceeds(
    balances,
    index * BALANCE_WORDS + DEBITS_PENDING,
    index * BALANCE_WORDS + DEBITS_POSTED,
    amount,
    index * BALANCE_WORDS + CREDITS_POSTED,
  );

/** Likewise for one whose credits must not exceed its debits. */
export const exceedsDebits = (
  { balances, facts }: Accounts,
  index: number,
  amount: Uint32Array,
): boolean =>
  (facts[index * FACT_WORDS + F_CODE_FLAGS]! & CREDITS_LIMITED) !== 0 &&
  exceeds(
    balances,
    index * BALANCE_WORDS + CREDITS_PENDING,
    index * BALANCE_WORDS + CREDITS_POSTED,
    amount,
    index * BALANCE_WORDS + DEBITS_POSTED,
  );

/**
 * Lowers an amount to what is left on one side of an account: at most `limit` less what is pending and
 * posted already, and never below nothing.
 * @param pending offset of the pending balance; the posted one follows it
 */
export function settleBalance(
  amount: Uint32Array,
  balances: Uint32Array,
  limit: number,
  pending: number,
): void {
  copyTo(sum, 0, balances, pending);
  if (sumOverflows(sum, 0, balances, pending + 4)) sum.fill(0xffffffff);
  else addTo(sum, 0, balances, pending + 4);
  if (isLess(balances, limit, sum, 0)) room.fill(0);
  else {
    copyTo(room, 0, balances, limit);
    takeFrom(room, 0, sum, 0);
  }
  if (isLess(room, 0, amount, 0)) copyTo(amount, 0, room, 0);
}

/** Whether one of two accounts keeps its history. */
export const hasHistory = (facts: Uint32Array, debitFact: number, creditFact: number): boolean =>
  ((facts[debitFact + F_CODE_FLAGS]! | facts[creditFact + F_CODE_FLAGS]!) & HISTORY) !== 0;
