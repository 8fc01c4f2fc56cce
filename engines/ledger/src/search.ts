import { F_TIMESTAMP, F_USER_32, FACT_WORDS, NOBODY } from './accounts.ts';
import type { Books } from './books.ts';
import type { AccountFilter, QueryFilter } from './filters.ts';
import { RECORD_WORDS, T_DEBIT, T_TIMESTAMP } from './layout.ts';
import { ACCOUNT_WORDS, boundsOf, matches, TRANSFER_WORDS } from './matching.ts';
import { Status } from './statuses.ts';
import { readU128, readU64 } from './u128.ts';

/** What a search found of what it read. */
export interface Found {
  /** Records of 128 bytes, copies, in the order that was asked for. */
  readonly records: Uint8Array[];
  /**
   * The instant of the last one that was read, after which a further search goes on; undefined where
   * nothing is left to be read.
   */
  readonly readTo: bigint | undefined;
}

/** A range of events. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
  readonly isReversed: boolean;
}

/** Transfers of any account, among at most so many events. */
export function searchTransfers(
  books: Books,
  filter: QueryFilter,
  range: EventRange,
  readMax: number,
): Found {
  const { accountsUserData32 = 0, withEnds = false } = filter;
  const isMeant = (words: Uint32Array, at: number): boolean =>
    matches(words, at, filter, TRANSFER_WORDS) &&
    (accountsUserData32 === 0 || userData32Of(books, words, at) === accountsUserData32);
  return readThrough(books, inOrder(range), isMeant, { limit: filter.limit, readMax, withEnds });
}

/** Transfers of one account, among at most so many of its events. */
export function searchAccountTransfers(
  books: Books,
  filter: AccountFilter,
  index: number,
  range: EventRange,
  readMax: number,
): Found {
  const { accountId, debits, credits, limit } = filter;
  const isMeant = (words: Uint32Array, at: number): boolean =>
    (readU128(words, at + T_DEBIT) === accountId ? debits : credits) &&
    matches(words, at, filter, TRANSFER_WORDS);
  const ordinals = books.postings.of(index, books.accounts.count, range);
  return readThrough(books, ordinals, isMeant, { limit, readMax });
}

function* inOrder({ from, to, isReversed }: EventRange): Generator<number> {
  for (let step = 0; step < to - from; step++) yield isReversed ? to - 1 - step : from + step;
}

interface Bounds {
  readonly limit: number;
  readonly readMax: number;
  readonly withEnds?: boolean;
}

function readThrough(
  books: Books,
  ordinals: Iterable<number>,
  isMeant: (words: Uint32Array, at: number) => boolean,
  { limit, readMax, withEnds = false }: Bounds,
): Found {
  const { events } = books;
  const records: Uint8Array[] = [];
  let read = 0;
  let readTo: bigint | undefined;
  for (const ordinal of ordinals) {
    if (withEnds ? !events.statuses.isEffective(ordinal) : !isTransfer(books, ordinal)) continue;
    if (read === readMax || records.length === limit) return { records, readTo };
    events.read(ordinal);
    const { words, at } = events;
    read++;
    readTo = readU64(words, at + T_TIMESTAMP);
    if (isMeant(words, at)) records.push(new Uint8Array(words.slice(at, at + RECORD_WORDS).buffer));
  }
  return { records, readTo: undefined };
}

/** Accounts in the order in which they were opened, among at most so many. */
export function searchAccounts(books: Books, filter: QueryFilter, readMax: number): Found {
  const bounds = boundsOf(filter);
  const records: Uint8Array[] = [];
  if (bounds === undefined) return { records, readTo: undefined };
  const { accounts } = books;
  const from = firstAccountFrom(books, bounds.min);
  const to = firstAccountFrom(books, bounds.max + 1n);
  let readTo: bigint | undefined;
  for (let step = 0; step < to - from; step++) {
    if (step === readMax || records.length === filter.limit) return { records, readTo };
    const words = new Uint32Array(RECORD_WORDS);
    const index = (filter.isReversed ?? false) ? to - 1 - step : from + step;
    accounts.writeRecord(index, words, 0);
    readTo = readU64(accounts.facts, index * FACT_WORDS + F_TIMESTAMP);
    if (matches(words, 0, filter, ACCOUNT_WORDS)) records.push(new Uint8Array(words.buffer));
  }
  return { records, readTo: undefined };
}

/** Whether an event is a transfer that is in force, not the end of a pending one. */
function isTransfer({ events: { statuses } }: Books, ordinal: number): boolean {
  return statuses.isEffective(ordinal) && statuses.get(ordinal) !== Status.EXPIRY;
}

/** The first account that was opened at an instant or after it. */
function firstAccountFrom({ accounts }: Books, timestamp: bigint): number {
  let from = 0;
  let to = accounts.count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (readU64(accounts.facts, middle * FACT_WORDS + F_TIMESTAMP) < timestamp) from = middle + 1;
    else to = middle;
  }
  return from;
}

function userData32Of({ accounts }: Books, words: Uint32Array, at: number): number {
  const debit = accounts.find(words, at + T_DEBIT);
  return debit === NOBODY ? 0 : accounts.facts[debit * FACT_WORDS + F_USER_32]!;
}
