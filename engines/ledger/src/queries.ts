import { F_CODE_FLAGS, FACT_WORDS, NOBODY } from './accounts.ts';
import {
  H_CREDIT,
  H_CREDIT_BALANCES,
  H_DEBIT,
  H_DEBIT_BALANCES,
  H_FLAGS,
} from './balanceHistory.ts';
import type { Books } from './books.ts';
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
  A_CODE_FLAGS,
  A_LEDGER,
  A_TIMESTAMP,
  A_USER_128,
  A_USER_32,
  A_USER_64,
  AccountFlag,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_DEBIT,
  T_ID,
  T_LEDGER,
  T_PENDING,
  T_TIMESTAMP,
  T_USER_128,
  T_USER_32,
  T_USER_64,
  TIMESTAMP_MAX,
  TransferFlag,
} from './layout.ts';
import { Status } from './statuses.ts';
import { ordinalFrom } from './times.ts';
import { NO_EVENT } from './transferIds.ts';
import { readU128, readU64, writeU128 } from './u128.ts';

const ID_MAX = 2n ** 128n - 1n;

/** A range of instants, and with it of events. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly isReversed: boolean;
}

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

  /** What became of a pending transfer; undefined for anything else. */
  pendingStatus(id: bigint): 'pending' | 'posted' | 'voided' | 'expired' | undefined {
    const ordinal = this.#ordinalOf(id);
    if (ordinal === NO_EVENT) return undefined;
    return PENDING_STATUS[this.#books.events.statuses.get(ordinal)];
  }

  /** Transfers of an account, in the order of time. */
  accountTransfers(filter: AccountFilter): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const ordinal of this.#matching(filter)) found.push(this.#record(ordinal));
    return found;
  }

  /** How transfers left an account that has the flag `history`; nothing for another one. */
  accountBalances(filter: AccountFilter): BalancesAt[] {
    const index = this.#indexOf(filter.accountId);
    if (index === NOBODY || !this.#keepsHistory(index)) return [];
    const found: BalancesAt[] = [];
    for (const ordinal of this.#matching(filter))
      found.push({ timestamp: this.#timestampOf(ordinal), ...this.#historyOf(ordinal, index)! });
    return found;
  }

  /** Accounts, in the order in which they were opened. */
  accounts(filter: QueryFilter): Uint8Array[] {
    const bounds = boundsOf(filter);
    if (bounds === undefined) return [];
    const found: Uint8Array[] = [];
    const { count } = this.#books.accounts;
    for (let step = 0; step < count && found.length < filter.limit; step++) {
      const record = this.#accountRecord((filter.isReversed ?? false) ? count - 1 - step : step);
      const words = new Uint32Array(record.buffer);
      const timestamp = readU64(words, A_TIMESTAMP);
      if (timestamp < bounds.min || timestamp > bounds.max) continue;
      if (matches(words, 0, filter, ACCOUNT_WORDS)) found.push(record);
    }
    return found;
  }

  /** Transfers of any account, in the order of time. */
  transfers(filter: QueryFilter): Uint8Array[] {
    const range = this.#rangeOf(filter);
    if (range === undefined) return [];
    const { events } = this.#books;
    const found: Uint8Array[] = [];
    const count = range.to - range.from;
    for (let step = 0; step < count && found.length < filter.limit; step++) {
      const ordinal = range.isReversed ? range.to - 1 - step : range.from + step;
      if (!this.#isTransfer(ordinal)) continue;
      events.read(ordinal);
      if (matches(events.words, events.at, filter, TRANSFER_WORDS))
        found.push(this.#record(ordinal));
    }
    return found;
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

  /**
   * The balances of an account at an instant, or undefined before it was opened. One with `history` is
   * looked up; of any other one, all that happened to it until then is added up.
   */
  balancesAt(id: bigint, timestamp: bigint): Balances | undefined {
    const index = this.#indexOf(id);
    if (index === NOBODY) return undefined;
    const opened = readU64(new Uint32Array(this.#accountRecord(index).buffer), A_TIMESTAMP);
    if (timestamp < opened) return undefined;
    const to = this.#ordinalAfter(timestamp);
    const { postings, accounts } = this.#books;
    const range = { from: 0, to, isReversed: true };
    if (this.#keepsHistory(index)) {
      for (const ordinal of postings.of(index, accounts.count, range))
        return this.#historyOf(ordinal, index)!;
      return NOTHING;
    }
    const sums = { ...NOTHING };
    for (const ordinal of postings.of(index, accounts.count, range)) this.#addUp(sums, ordinal, id);
    return sums;
  }

  /** Adds the effect of one event on an account to sums of its balances. */
  #addUp(sums: { -readonly [K in keyof Balances]: bigint }, ordinal: number, id: bigint): void {
    const { events } = this.#books;
    events.read(ordinal);
    const { words, at } = events;
    const isDebit = readU128(words, at + T_DEBIT) === id;
    const flags = words[at + T_CODE_FLAGS]! >>> 16;
    const amount = readU128(words, at + T_AMOUNT);
    const isExpiry = events.statuses.get(ordinal) === Status.EXPIRY;
    const isVoid = (flags & TransferFlag.VOID_PENDING) !== 0;
    const isPost = (flags & TransferFlag.POST_PENDING) !== 0;
    const isPending = (flags & TransferFlag.PENDING) !== 0;
    const pendingId = readU128(words, at + T_PENDING);
    let held = 0n;
    if (isExpiry || isVoid) held = -amount;
    else if (isPost) held = -this.#amountOf(pendingId);
    else if (isPending) held = amount;
    const posted = isExpiry || isVoid || isPending ? 0n : amount;
    if (isDebit) {
      sums.debitsPending += held;
      sums.debitsPosted += posted;
    } else {
      sums.creditsPending += held;
      sums.creditsPosted += posted;
    }
  }

  #amountOf(id: bigint): bigint {
    const { events } = this.#books;
    events.read(this.#ordinalOf(id));
    return readU128(events.words, events.at + T_AMOUNT);
  }

  /** The ordinals of the transfers that a filter means, at most as many as it wants. */
  *#matching(filter: AccountFilter): Generator<number> {
    const { accountId, debits, credits, limit } = filter;
    const range = this.#rangeOf(filter);
    if (range === undefined || accountId === 0n || accountId === ID_MAX || !(debits || credits))
      return;
    const index = this.#indexOf(accountId);
    if (index === NOBODY) return;
    const { events, postings, accounts } = this.#books;
    let count = 0;
    for (const ordinal of postings.of(index, accounts.count, range)) {
      if (!this.#isTransfer(ordinal)) continue;
      events.read(ordinal);
      const isDebit = readU128(events.words, events.at + T_DEBIT) === accountId;
      if (!(isDebit ? debits : credits)) continue;
      if (!matches(events.words, events.at, filter, TRANSFER_WORDS)) continue;
      yield ordinal;
      if (++count === limit) return;
    }
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

  #historyOf(ordinal: number, index: number): Balances | undefined {
    const entry = this.#books.history.find(ordinal);
    if (entry === undefined) return undefined;
    const isDebit = entry.words[entry.at + H_DEBIT] === index;
    return balancesOf(entry.words, entry.at + (isDebit ? H_DEBIT_BALANCES : H_CREDIT_BALANCES));
  }

  #isTransfer(ordinal: number): boolean {
    const { statuses } = this.#books.events;
    return statuses.isEffective(ordinal) && statuses.get(ordinal) !== Status.EXPIRY;
  }

  #keepsHistory(index: number): boolean {
    const { facts } = this.#books.accounts;
    return (facts[index * FACT_WORDS + F_CODE_FLAGS]! & (AccountFlag.HISTORY << 16)) !== 0;
  }

  #rangeOf(filter: QueryFilter | AccountFilter | ChangeFilter): Range | undefined {
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

  #timestampOf(ordinal: number): bigint {
    const { events } = this.#books;
    events.read(ordinal);
    return readU64(events.words, events.at + T_TIMESTAMP);
  }
}

const PENDING_STATUS: Partial<Record<Status, 'pending' | 'posted' | 'voided' | 'expired'>> = {
  [Status.PENDING]: 'pending',
  [Status.POSTED]: 'posted',
  [Status.VOIDED]: 'voided',
  [Status.EXPIRED]: 'expired',
};

const NOTHING: Balances = {
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
};

const balancesOf = (words: Uint32Array, at: number): Balances => ({
  debitsPending: readU128(words, at + DEBITS_PENDING),
  debitsPosted: readU128(words, at + DEBITS_POSTED),
  creditsPending: readU128(words, at + CREDITS_PENDING),
  creditsPosted: readU128(words, at + CREDITS_POSTED),
});

function typeOf(flags: number): ChangeEvent['type'] {
  if ((flags & TransferFlag.PENDING) !== 0) return 'pending';
  if ((flags & TransferFlag.POST_PENDING) !== 0) return 'posted';
  return (flags & TransferFlag.VOID_PENDING) !== 0 ? 'voided' : 'single_phase';
}

/** The instants of a filter, or undefined where it can match nothing. */
function boundsOf(
  filter: ChangeFilter,
): { readonly min: bigint; readonly max: bigint } | undefined {
  const { timestampMin: min = 0n, timestampMax: max = 0n, limit } = filter;
  if (limit < 1 || min < 0n || max < 0n || min > TIMESTAMP_MAX || max > TIMESTAMP_MAX)
    return undefined;
  if (max !== 0n && min > max) return undefined;
  return { min: min === 0n ? 1n : min, max: max === 0n ? TIMESTAMP_MAX : max };
}

const ACCOUNT_WORDS = {
  user128: A_USER_128,
  user64: A_USER_64,
  user32: A_USER_32,
  ledger: A_LEDGER,
  codeFlags: A_CODE_FLAGS,
};
const TRANSFER_WORDS = {
  user128: T_USER_128,
  user64: T_USER_64,
  user32: T_USER_32,
  ledger: T_LEDGER,
  codeFlags: T_CODE_FLAGS,
};

/** Whether a record has what a filter names. */
function matches(
  words: Uint32Array,
  at: number,
  filter: QueryFilter | AccountFilter,
  place: typeof ACCOUNT_WORDS,
): boolean {
  const { userData128 = 0n, userData64 = 0n, userData32 = 0, code = 0 } = filter;
  const ledger = 'ledger' in filter ? filter.ledger : 0;
  return (
    (userData128 === 0n || readU128(words, at + place.user128) === userData128) &&
    (userData64 === 0n || readU64(words, at + place.user64) === userData64) &&
    (userData32 === 0 || words[at + place.user32] === userData32) &&
    (code === 0 || (words[at + place.codeFlags]! & 0xffff) === code) &&
    (ledger === undefined || ledger === 0 || words[at + place.ledger] === ledger)
  );
}
