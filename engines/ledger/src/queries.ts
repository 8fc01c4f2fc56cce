import { F_TIMESTAMP, FACT_WORDS, NOBODY } from './accounts.ts';
import {
  H_CREDIT,
  H_CREDIT_BALANCES,
  H_DEBIT,
  H_DEBIT_BALANCES,
  H_FLAGS,
} from './balanceHistory.ts';
import type { Books } from './books.ts';
import { TotalsByCode } from './codeTotals.ts';
import type {
  AccountFilter,
  Balances,
  BalancesAt,
  ChangedAccount,
  ChangeEvent,
  ChangeFilter,
  QueryFilter,
} from './filters.ts';
import {
  RECORD_WORDS,
  T_CODE_FLAGS,
  T_ID,
  T_TIMESTAMP,
  TIMESTAMP_MAX,
  TransferFlag,
  wordsOf,
} from './layout.ts';
import { boundsOf } from './matching.ts';
import {
  balancesBefore,
  balancesOf,
  historyOf,
  keepsHistory,
  wasClosedBefore,
} from './pastBalances.ts';
import {
  searchAccounts,
  searchAccountTransfers,
  searchTransfers,
  type EventRange,
  type Found,
} from './search.ts';
import { Status } from './statuses.ts';
import { ordinalFrom } from './times.ts';
import { NO_EVENT } from './transferIds.ts';
import { totalsOf, type Totals } from './totals.ts';
import { readU128, readU64, writeU128 } from './u128.ts';

const ID_MAX = 2n ** 128n - 1n;

/**
 * What the books can be asked. An answer is as of now; its records are copies. A filter that cannot
 * match (no limit, an end before the begin, neither side) is answered with nothing.
 */
export class Queries {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  /** The record of an account, or undefined. */
  account(id: bigint): Uint8Array | undefined {
    const index = this.#indexOf(id);
    return index === NOBODY ? undefined : this.#accountRecord(index);
  }

  /** The record of a transfer as it is stored, or undefined. */
  transfer(id: bigint): Uint8Array | undefined {
    const ordinal = this.#ordinalOf(id);
    return ordinal === NO_EVENT ? undefined : this.#record(ordinal);
  }

  /** The ordinal of a transfer in the log, or undefined. */
  ordinalOf(id: bigint): number | undefined {
    const ordinal = this.#ordinalOf(id);
    return ordinal === NO_EVENT ? undefined : ordinal;
  }

  /** When the event at an ordinal happened, in nanoseconds. */
  timeOf(ordinal: number): bigint {
    const { events } = this.#books;
    events.read(ordinal);
    return readU64(events.words, events.at + T_TIMESTAMP);
  }

  /** The ordinal of the event that used an id up, also where it failed for good; or undefined. */
  usedBy(id: bigint): number | undefined {
    if (id === 0n) return undefined;
    const words = new Uint32Array(4);
    writeU128(words, 0, id);
    const ordinal = this.#books.ids.find(words, 0);
    return ordinal === NO_EVENT ? undefined : ordinal;
  }

  /** What became of a pending transfer; undefined for anything else. */
  pendingStatus(id: bigint): 'pending' | 'posted' | 'voided' | 'expired' | undefined {
    const ordinal = this.#ordinalOf(id);
    if (ordinal === NO_EVENT) return undefined;
    return PENDING_STATUS[this.#books.events.statuses.get(ordinal)];
  }

  /** Transfers of an account, in the order of time. */
  accountTransfers = (filter: AccountFilter): Uint8Array[] =>
    this.searchAccountTransfers(filter, Infinity).records;

  /** Likewise, among at most so many events of the account. */
  searchAccountTransfers(filter: AccountFilter, readMax: number): Found {
    const { accountId, debits, credits } = filter;
    const range = this.#rangeOf(filter);
    const index = accountId === 0n || accountId === ID_MAX ? NOBODY : this.#indexOf(accountId);
    if (range === undefined || index === NOBODY || !(debits || credits)) return none();
    return searchAccountTransfers(this.#books, filter, index, range, readMax);
  }

  /** How transfers left an account that has the flag `history`; nothing for another one. */
  accountBalances(filter: AccountFilter): BalancesAt[] {
    const index = this.#indexOf(filter.accountId);
    if (index === NOBODY || !keepsHistory(this.#books, index)) return [];
    return this.accountTransfers(filter).map((record) => {
      const words = wordsOf(record);
      const timestamp = readU64(words, T_TIMESTAMP);
      const ordinal = this.#ordinalOf(readU128(words, T_ID));
      return { timestamp, ...historyOf(this.#books, ordinal, index)! };
    });
  }

  /** Accounts, in the order in which they were opened. */
  accounts = (filter: QueryFilter): Uint8Array[] => this.searchAccounts(filter, Infinity).records;

  /** Likewise, among at most so many. */
  searchAccounts = (filter: QueryFilter, readMax: number): Found =>
    searchAccounts(this.#books, filter, readMax);

  /** What all accounts that a filter means hold together, by their ledger. */
  totals(filter: Omit<QueryFilter, 'limit'>): Map<number, Totals> {
    return totalsOf(this.#books.accounts, { ...filter, limit: 1 });
  }

  /**
   * What all accounts with this `userData32` held together at an instant, by ledger and code: begun here,
   * to be finished in steps. Without an instant as of now, and finished.
   */
  totalsByCode(userData32: number, timestamp = TIMESTAMP_MAX): TotalsByCode {
    return new TotalsByCode(this.#books, timestamp, this.#ordinalAfter(timestamp), userData32);
  }

  /** Transfers of any account, in the order of time. */
  transfers = (filter: QueryFilter): Uint8Array[] => this.searchTransfers(filter, Infinity).records;

  /** Likewise, among at most so many of all transfers. */
  searchTransfers(filter: QueryFilter, readMax: number): Found {
    const range = this.#rangeOf(filter);
    return range === undefined ? none() : searchTransfers(this.#books, filter, range, readMax);
  }

  /**
   * Everything that changed balances, in the order of time, with the balances that it left.
   * @throws Error where these books do not keep all balances
   */
  changes(filter: ChangeFilter): ChangeEvent[] {
    if (!this.#books.keepsAllBalances) throw new Error('these books do not keep all balances');
    const range = this.#rangeOf(filter);
    if (range === undefined) return [];
    const found: ChangeEvent[] = [];
    for (let ordinal = range.from; ordinal < range.to && found.length < filter.limit; ordinal++)
      if (this.#books.events.statuses.isEffective(ordinal)) found.push(this.#change(ordinal));
    return found;
  }

  /** The balances of an account at an instant, or undefined before it was opened. */
  balancesAt(id: bigint, timestamp: bigint): Balances | undefined {
    const index = this.#openAt(id, timestamp);
    return index === NOBODY
      ? undefined
      : balancesBefore(this.#books, index, this.#ordinalAfter(timestamp));
  }

  /** Whether an account was closed at an instant. */
  wasClosedAt(id: bigint, timestamp: bigint): boolean {
    const index = this.#openAt(id, timestamp);
    return index !== NOBODY && wasClosedBefore(this.#books, index, this.#ordinalAfter(timestamp));
  }

  #change(ordinal: number): ChangeEvent {
    const transfer = this.#record(ordinal);
    const words = new Uint32Array(transfer.buffer);
    const timestamp = readU64(words, T_TIMESTAMP);
    const flags = words[T_CODE_FLAGS]! >>> 16;
    const isExpiry = this.#books.events.statuses.get(ordinal) === Status.EXPIRY;
    const entry = this.#books.history.find(ordinal)!;
    const changed = (account: number, balances: number, shift: number): ChangedAccount => ({
      id: readU128(
        new Uint32Array(this.#accountRecord(entry.words[entry.at + account]!).buffer),
        0,
      ),
      flags: (entry.words[entry.at + H_FLAGS]! >>> shift) & 0xffff,
      ...balancesOf(entry.words, entry.at + balances),
    });
    return {
      type: isExpiry ? 'expired' : typeOf(flags),
      timestamp,
      transfer: isExpiry ? this.#record(this.#ordinalOf(readU128(words, T_ID))) : transfer,
      debit: changed(H_DEBIT, H_DEBIT_BALANCES, 0),
      credit: changed(H_CREDIT, H_CREDIT_BALANCES, 16),
    };
  }

  #rangeOf(filter: QueryFilter | AccountFilter | ChangeFilter): EventRange | undefined {
    const bounds = boundsOf(filter);
    if (bounds === undefined) return undefined;
    const isReversed = 'isReversed' in filter && (filter.isReversed ?? false);
    return {
      from: this.#ordinalFrom(bounds.min),
      to: this.#ordinalAfter(bounds.max),
      isReversed,
    };
  }

  #ordinalFrom = (timestamp: bigint): number =>
    ordinalFrom(this.#books, Number(timestamp & 0xffffffffn), Number(timestamp >> 32n));

  #ordinalAfter = (timestamp: bigint): number =>
    timestamp >= TIMESTAMP_MAX ? this.#books.events.count : this.#ordinalFrom(timestamp + 1n);

  /** The index of an account that was open at an instant, or NOBODY. */
  #openAt(id: bigint, timestamp: bigint): number {
    const index = this.#indexOf(id);
    if (index === NOBODY) return NOBODY;
    const opened = readU64(this.#books.accounts.facts, index * FACT_WORDS + F_TIMESTAMP);
    return timestamp < opened ? NOBODY : index;
  }

  #indexOf(id: bigint): number {
    const words = new Uint32Array(4);
    writeU128(words, 0, id);
    return this.#books.accounts.find(words, 0);
  }

  /** The ordinal of a transfer; one that failed has none. */
  #ordinalOf(id: bigint): number {
    const words = new Uint32Array(4);
    writeU128(words, 0, id);
    if (id === 0n) return NO_EVENT;
    const ordinal = this.#books.ids.find(words, 0);
    if (ordinal === NO_EVENT) return NO_EVENT;
    return this.#books.events.statuses.get(ordinal) === Status.ORPHANED ? NO_EVENT : ordinal;
  }

  #accountRecord(index: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(RECORD_WORDS);
    this.#books.accounts.writeRecord(index, words, 0);
    return new Uint8Array(words.buffer);
  }

  #record(ordinal: number): Uint8Array<ArrayBuffer> {
    const { events } = this.#books;
    events.read(ordinal);
    return new Uint8Array(events.words.slice(events.at, events.at + RECORD_WORDS).buffer);
  }
}

const none = (): Found => ({ records: [], readTo: undefined });

const PENDING_STATUS: Partial<Record<Status, 'pending' | 'posted' | 'voided' | 'expired'>> = {
  [Status.PENDING]: 'pending',
  [Status.POSTED]: 'posted',
  [Status.VOIDED]: 'voided',
  [Status.EXPIRED]: 'expired',
};

function typeOf(flags: number): ChangeEvent['type'] {
  if ((flags & TransferFlag.PENDING) !== 0) return 'pending';
  if ((flags & TransferFlag.POST_PENDING) !== 0) return 'posted';
  return (flags & TransferFlag.VOID_PENDING) !== 0 ? 'voided' : 'single_phase';
}
