import { FACT_WORDS } from './accounts.ts';
import { hasHistory } from './balances.ts';
import { LAST_TRANSFER, type Books } from './books.ts';
import { Status } from './statuses.ts';

/** Notes an event that succeeded, with its status, and the balances that it left where they are wanted. */
export function store(
  books: Books,
  low: number,
  high: number,
  ordinal: number,
  debit: number,
  credit: number,
  status: Status,
): void {
  const { accounts, events, last, undo } = books;
  undo.status(ordinal, Status.REFUSED);
  events.statuses.set(ordinal, status);
  events.mark(ordinal, low, high, debit, credit);
  last[LAST_TRANSFER] = low;
  last[LAST_TRANSFER + 1] = high;
  if (books.keepsAllBalances || hasHistory(accounts.facts, debit * FACT_WORDS, credit * FACT_WORDS))
    books.history.add(ordinal, accounts, debit, credit);
}
