import { F_CODE_FLAGS, FACT_WORDS } from './accounts.ts';
import { H_CREDIT_BALANCES, H_DEBIT, H_DEBIT_BALANCES } from './balanceHistory.ts';
import type { Books } from './books.ts';
import type { Balances } from './filters.ts';
import {
  AccountFlag,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_PENDING,
  TransferFlag,
} from './layout.ts';
import { Status } from './statuses.ts';
import { readU128 } from './u128.ts';

const CLOSING = TransferFlag.CLOSING_DEBIT | TransferFlag.CLOSING_CREDIT;
const CLOSED_WORD = AccountFlag.CLOSED << 16;

/** What one event did: the same amounts to both of its accounts, to one as debits, to the other as credits. */
interface Effect {
  /** The accounts, by the order in which they were opened. */
  readonly debit: number;
  readonly credit: number;
  /** What it added to the pending balances; below 0 where it freed. */
  readonly held: bigint;
  readonly posted: bigint;
  /** Which sides it closed, and which it opened again: CLOSING_DEBIT, CLOSING_CREDIT. */
  readonly closed: number;
  readonly opened: number;
}

/** What an event did that is in force; an end of a pending transfer is one too. */
export function effectOf(books: Books, ordinal: number): Effect {
  const { events, accounts } = books;
  events.read(ordinal);
  const { words, at } = events;
  const debit = accounts.find(words, at + T_DEBIT);
  const credit = accounts.find(words, at + T_CREDIT);
  const flags = words[at + T_CODE_FLAGS]! >>> 16;
  const amount = readU128(words, at + T_AMOUNT);
  if (events.statuses.get(ordinal) === Status.EXPIRY)
    return { debit, credit, held: -amount, posted: 0n, closed: 0, opened: flags & CLOSING };
  if ((flags & TransferFlag.PENDING) !== 0)
    return { debit, credit, held: amount, posted: 0n, closed: flags & CLOSING, opened: 0 };
  if ((flags & (TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING)) === 0)
    return { debit, credit, held: 0n, posted: amount, closed: 0, opened: 0 };
  const isPost = (flags & TransferFlag.POST_PENDING) !== 0;
  // The words that were read are others from here on.
  events.read(books.ids.find(words, at + T_PENDING));
  const held = -readU128(events.words, events.at + T_AMOUNT);
  const opened = isPost ? 0 : (events.words[events.at + T_CODE_FLAGS]! >>> 16) & CLOSING;
  return { debit, credit, held, posted: isPost ? amount : 0n, closed: 0, opened };
}

/**
 * The balances of an account as they were before an event. One that keeps its history is looked up; of
 * any other one, all that happened to it until then is added up.
 */
export function balancesBefore(books: Books, index: number, ordinal: number): Balances {
  const { postings, accounts } = books;
  const range = { from: 0, to: ordinal, isReversed: true };
  if (keepsHistory(books, index)) {
    for (const last of postings.of(index, accounts.count, range))
      return historyOf(books, last, index)!;
    return NOTHING;
  }
  const sums = { ...NOTHING };
  for (const each of postings.of(index, accounts.count, range)) {
    const { debit, held, posted } = effectOf(books, each);
    if (debit === index) {
      sums.debitsPending += held;
      sums.debitsPosted += posted;
    } else {
      sums.creditsPending += held;
      sums.creditsPosted += posted;
    }
  }
  return sums;
}

/** Whether an account was closed before an event: what closed it or opened it last says so. */
export function wasClosedBefore(books: Books, index: number, ordinal: number): boolean {
  const { postings, accounts, events } = books;
  for (const each of postings.of(index, accounts.count, {
    from: 0,
    to: ordinal,
    isReversed: true,
  })) {
    const { debit, closed, opened } = effectOf(books, each);
    const side = debit === index ? TransferFlag.CLOSING_DEBIT : TransferFlag.CLOSING_CREDIT;
    if ((closed & side) !== 0) return true;
    if ((opened & side) !== 0) return false;
  }
  // One that was opened closed stays so, and nothing ever happens to it.
  if ((accounts.facts[index * FACT_WORDS + F_CODE_FLAGS]! & CLOSED_WORD) === 0) return false;
  const all = { from: 0, to: events.count, isReversed: false };
  return postings.of(index, accounts.count, all).next().done === true;
}

/** How an event left an account that keeps its history. */
export function historyOf(books: Books, ordinal: number, index: number): Balances | undefined {
  const entry = books.history.find(ordinal);
  if (entry === undefined) return undefined;
  const isDebit = entry.words[entry.at + H_DEBIT] === index;
  return balancesOf(entry.words, entry.at + (isDebit ? H_DEBIT_BALANCES : H_CREDIT_BALANCES));
}

export const keepsHistory = ({ accounts: { facts } }: Books, index: number): boolean =>
  (facts[index * FACT_WORDS + F_CODE_FLAGS]! & (AccountFlag.HISTORY << 16)) !== 0;

export const balancesOf = (words: Uint32Array, at: number): Balances => ({
  debitsPending: readU128(words, at + DEBITS_PENDING),
  debitsPosted: readU128(words, at + DEBITS_POSTED),
  creditsPending: readU128(words, at + CREDITS_PENDING),
  creditsPosted: readU128(words, at + CREDITS_POSTED),
});

export const NOTHING: Balances = {
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
};
