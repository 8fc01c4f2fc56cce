import { F_TIMESTAMP, FACT_WORDS } from './accounts.ts';
import { LAST_TRANSFER, type Books } from './books.ts';
import { T_TIMESTAMP } from './layout.ts';
import { Status } from './statuses.ts';

/**
 * The ordinal of the first event with an effect at an instant or after it; the number of events where
 * there is none. Effects follow one another in time, refused events between them count for nothing.
 */
export function ordinalFrom(books: Books, low: number, high: number): number {
  const { events } = books;
  let from = 0;
  let to = events.count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    let probe = middle;
    while (probe >= from && !events.statuses.isEffective(probe)) probe--;
    if (probe < from) {
      from = middle + 1;
      continue;
    }
    events.read(probe);
    const order =
      events.words[events.at + T_TIMESTAMP + 1]! - high ||
      events.words[events.at + T_TIMESTAMP]! - low;
    if (order < 0) from = middle + 1;
    else to = probe;
  }
  while (from < events.count && !events.statuses.isEffective(from)) from++;
  return from;
}

/** Whether a transfer was created at exactly this instant. */
export function hasTransferAt(books: Books, low: number, high: number): boolean {
  const { events, last } = books;
  // What is after the last transfer needs no look into the log.
  if (
    high > last[LAST_TRANSFER + 1]! ||
    (high === last[LAST_TRANSFER + 1] && low > last[LAST_TRANSFER]!)
  )
    return false;
  const ordinal = ordinalFrom(books, low, high);
  if (ordinal === events.count || events.statuses.get(ordinal) === Status.EXPIRY) return false;
  events.read(ordinal);
  return (
    events.words[events.at + T_TIMESTAMP] === low &&
    events.words[events.at + T_TIMESTAMP + 1] === high
  );
}

/** Whether an imported transfer may have happened then: after all others, and when no account was opened. */
export function isInPlace(books: Books, low: number, high: number): boolean {
  const { last } = books;
  const isLate =
    high > last[LAST_TRANSFER + 1]! ||
    (high === last[LAST_TRANSFER + 1] && low > last[LAST_TRANSFER]!);
  return isLate && !hasAccountAt(books, low, high);
}

/** Whether an account was opened at exactly this instant. */
function hasAccountAt(books: Books, low: number, high: number): boolean {
  const { facts, count } = books.accounts;
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const fact = middle * FACT_WORDS + F_TIMESTAMP;
    const order = facts[fact + 1]! - high || facts[fact]! - low;
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}
