import { createAccount } from './accountRules.ts';
import { runBatch } from './batch.ts';
import { Books, LAST_BATCH, type BooksOptions } from './books.ts';
import {
  AccountFlag,
  RECORD_BYTES,
  RECORD_WORDS,
  TIMESTAMP_MAX,
  TransferFlag,
  wordsOf,
} from './layout.ts';
import { LimitReached } from './limitReached.ts';
import type { LedgerMemory } from './memory.ts';
import { memoryOf } from './memory.ts';
import { expire } from './pendingRules.ts';
import { PlainTransfers } from './plainTransfers.ts';
import type { PageReader } from './ports.ts';
import { Queries } from './queries.ts';
import { ACCOUNT_RESULTS, TRANSFER_RESULTS } from './results.ts';
import { digestOf, restoreBooks, snapshotOf } from './snapshot.ts';
import { Status } from './statuses.ts';
import { createTransfer } from './transferRules.ts';
import { readU64, writeU64 } from './u128.ts';

export type LedgerOptions = BooksOptions;

/** A copy of some accounts takes few events: it begins with little memory for them. */
const FORK_SEAL_EVENTS = 256;

/**
 * The books of a ledger: one deterministic state machine. It knows no clock, no file and no chance;
 * the same batches in the same order give the same books on every machine.
 *
 * A batch is records of 128 bytes one after another, in memory aligned to 4 bytes. Its timestamp is
 * that of its last event, in nanoseconds; the event before it has one less, and so on. Timestamps of
 * batches rise by at least their number of events. Results are numbers of ACCOUNT_RESULTS or
 * TRANSFER_RESULTS, 0 where an event succeeded. An event that succeeded is written over in the form in
 * which it is stored: with the amount that was moved and what it took from its pending transfer.
 */
export class LedgerState {
  readonly #books: Books;
  readonly #plain = new PlainTransfers();
  /** What the books can be asked. */
  readonly queries: Queries;

  /** @param books those to go on with; empty ones by default */
  constructor(options: LedgerOptions = {}, books = new Books(options)) {
    this.#books = books;
    this.queries = new Queries(this.#books);
  }

  /**
   * Opens accounts.
   * @throws LimitReached where the batch is too long, goes back in time, or the ledger would have too
   * many accounts; nothing is changed then
   */
  createAccounts(events: Uint8Array, count: number, timestamp: bigint, results: Uint32Array): void {
    const books = this.#books;
    this.#check(events, count, timestamp, results);
    if (books.accounts.count + count > books.accountsMax)
      throw new LimitReached(`a ledger has at most ${books.accountsMax} accounts`);
    if (count === 0) return;
    writeU64(books.last, LAST_BATCH, timestamp);
    runBatch(
      books,
      {
        words: wordsOf(events),
        count,
        timestamp,
        results,
        first: -1,
        importedWord: AccountFlag.IMPORTED << 16,
        table: ACCOUNT_RESULTS,
      },
      createAccount,
    );
  }

  /**
   * Creates transfers.
   * @param firstPage number of the page of the log in which the batch begins
   * @throws LimitReached where the batch is too long, goes back in time, or the ledger would have too
   * many events; nothing is changed then
   */
  createTransfers(
    events: Uint8Array,
    count: number,
    timestamp: bigint,
    results: Uint32Array,
    firstPage = 0,
  ): void {
    this.#check(events, count, timestamp, results);
    if (count === 0) return;
    const words = wordsOf(events);
    const first = this.#books.begin(count, firstPage, words);
    writeU64(this.#books.last, LAST_BATCH, timestamp);
    this.#plain.begin();
    runBatch(
      this.#books,
      {
        words,
        count,
        timestamp,
        results,
        first,
        importedWord: TransferFlag.IMPORTED << 16,
        table: TRANSFER_RESULTS,
        plain: this.#plain,
      },
      createTransfer,
    );
    this.#books.events.end();
  }

  /** The instant at which a pending transfer ends next; the last instant there is where none will. */
  expiryDueAt(): bigint {
    const { expiries, events } = this.#books;
    while (expiries.count > 0 && events.statuses.get(expiries.firstOrdinal) !== Status.PENDING)
      expiries.removeFirst();
    return expiries.count === 0
      ? TIMESTAMP_MAX
      : (BigInt(expiries.firstHigh) << 32n) | BigInt(expiries.firstLow);
  }

  /** How many pending transfers end at an instant; at most those of a batch. */
  #dueAt(timestamp: bigint): number[] {
    const { expiries, batchEventsMax } = this.#books;
    const due: number[] = [];
    while (due.length < batchEventsMax && this.expiryDueAt() <= timestamp && expiries.count > 0) {
      due.push(expiries.firstOrdinal);
      expiries.removeFirst();
    }
    return due;
  }

  /**
   * Ends the pending transfers whose time is over at an instant, the earliest first; at most those of a
   * batch. It is a batch of the log like any other: each end is an event.
   * @param events is filled with what each event is stored as
   * @param timestamp of the last of them
   * @returns how many there are
   * @throws LimitReached where time has come to its end
   */
  expirePending(events: Uint8Array, timestamp: bigint, firstPage = 0): number {
    const books = this.#books;
    if (this.expiryDueAt() > timestamp) return 0;
    if (timestamp > TIMESTAMP_MAX)
      throw new LimitReached(`the time of a batch is at most ${TIMESTAMP_MAX}, not ${timestamp}`);
    // Before anything is taken off the list of those that are due.
    books.makeRoom(0);
    const due = this.#dueAt(timestamp);
    if (due.length === 0) return 0;
    const words = wordsOf(events);
    const first = books.begin(due.length, firstPage, words);
    writeU64(books.last, LAST_BATCH, timestamp);
    due.forEach((held, index) => {
      const at = timestamp - BigInt(due.length - 1 - index);
      const low = Number(at & 0xffffffffn);
      expire(books, held, words, index * 32, low, Number(at >> 32n), first + index);
    });
    books.events.end();
    return due.length;
  }

  /** Where in the log an event lies that is not of the last batch: its page, and which record of it. */
  placeOf(ordinal: number): { readonly page: number; readonly slot: number } {
    return this.#books.events.index.placeOf(ordinal);
  }

  /** Which account an id in a batch is, by the order of opening from 0; -1 where there is none. */
  accountNumber(words: Uint32Array, at: number): number {
    return this.#books.accounts.find(words, at);
  }

  /** The record of an account by its number. 128 bytes. */
  accountRecord(number: number): Uint8Array {
    const words = new Uint32Array(RECORD_WORDS);
    this.#books.accounts.writeRecord(number, words, 0);
    return new Uint8Array(words.buffer);
  }

  /** The number of accounts. */
  get accountsCount(): number {
    return this.#books.accounts.count;
  }

  /** The number of events of transfers, refused ones too: the ordinal of the next one. */
  get eventsCount(): number {
    return this.#books.events.count;
  }

  /** The time of the last batch, in nanoseconds, also of one whose events were all refused. */
  get lastTimestamp(): bigint {
    return readU64(this.#books.last, LAST_BATCH);
  }

  /** What the books keep in memory of transfers. */
  get memory(): LedgerMemory {
    return memoryOf(this.#books);
  }

  /** SHA-256 over everything that the books hold: equal where the same batches were run. */
  stateHash(): Uint8Array {
    return digestOf(this.#books);
  }

  /** The books as bytes, from which `restore` goes on. Older transfers stay in the log. */
  snapshot(): Uint8Array {
    return snapshotOf(this.#books);
  }

  /**
   * The books of a snapshot.
   * @param options the same that the books had
   * @throws Error where the bytes are no whole snapshot
   */
  static restore(bytes: Uint8Array, options: LedgerOptions = {}): LedgerState {
    const state = new LedgerState(options);
    restoreBooks(state.#books, bytes);
    return state;
  }

  /** The log that older transfers are read from; none where all of them lie in memory. */
  get pages(): PageReader | undefined {
    return this.#books.options.pages;
  }

  /**
   * A copy to try things out on. What is posted into it changes nothing here, and its indexes are kept
   * in memory.
   * @param pages the log of the copy; one that is posted much into reads there what it wrote itself
   */
  fork(pages = this.pages): LedgerState {
    const { runs, pages: _, ...others } = this.#books.options;
    const options = pages === undefined ? others : { ...others, pages };
    if (runs === undefined) return LedgerState.restore(this.snapshot(), options);
    const written = new Map<string, Uint8Array>();
    return LedgerState.restore(this.snapshot(), {
      ...options,
      runs: {
        write: (name, bytes) => void written.set(name, bytes.slice()),
        read: (name, offset, length) =>
          written.get(name)?.subarray(offset, offset + length) ?? runs.read(name, offset, length),
      },
    });
  }

  /**
   * A copy of some accounts alone, to try transfers between them out on: what it costs goes by their
   * number, not by that of the books. It knows no transfer of before, so ids that were used are free in
   * it, and nothing that pends can be posted.
   */
  forkOf(accountIds: Iterable<bigint>): LedgerState {
    const found = [...new Set(accountIds)].flatMap((id) => this.queries.account(id) ?? []);
    const records = new Uint32Array(found.length * RECORD_WORDS);
    for (const [place, record] of found.entries())
      records.set(wordsOf(record), place * RECORD_WORDS);
    const { batchEventsMax, accountsMax, options } = this.#books;
    const { hashKey } = options;
    const books = new Books({
      batchEventsMax,
      accountsMax,
      sealEvents: FORK_SEAL_EVENTS,
      ...(hashKey === undefined ? {} : { hashKey }),
    });
    books.accounts.readRecords(records, found.length);
    books.last.set(this.#books.last);
    return new LedgerState({}, books);
  }

  #check(events: Uint8Array, count: number, timestamp: bigint, results: Uint32Array): void {
    const { batchEventsMax } = this.#books;
    if (count > batchEventsMax)
      throw new LimitReached(`a batch has at most ${batchEventsMax} events`);
    if (events.byteLength < count * RECORD_BYTES || results.length < count)
      throw new LimitReached(`a batch of ${count} events has as many records and results`);
    if (timestamp > TIMESTAMP_MAX || timestamp - BigInt(count) < this.lastTimestamp)
      throw new LimitReached(
        `the time of a batch comes after ${this.lastTimestamp}, not ${timestamp}`,
      );
  }
}
