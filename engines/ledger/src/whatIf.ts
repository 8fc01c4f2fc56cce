import { ForkLog } from './forkLog.ts';
import { A_TIMESTAMP, BATCH_EVENTS_MAX, RECORD_BYTES } from './layout.ts';
import { LogOperation } from './log/pageLayout.ts';
import type { LoggedBatch } from './log/pages.ts';
import type { LedgerState } from './state.ts';

/** An account that stands otherwise in the fork; both are its records of 128 bytes. */
export interface AccountDifference {
  readonly inBooks: Uint8Array;
  readonly inFork: Uint8Array;
}

/** A transfer of the log that comes out otherwise in the fork. */
export interface ChangedTransfer {
  /** Its record as it was logged. */
  readonly record: Uint8Array;
  /** What it was answered, and what it is answered in the fork: numbers of TRANSFER_RESULTS. */
  readonly result: number;
  readonly inFork: number;
}

export interface WhatIfOptions {
  /** The page of the log at which the books stand; it does not matter where they have no log. */
  readonly page?: number;
  /** Most transfers that are told as changed; all of them are counted. */
  readonly changedMax?: number;
}

/**
 * What would be, had something else been posted: a copy of the books is posted into, goes on with what
 * really came after, and is held beside the books. They are not changed by it.
 *
 * The log has transfers as they were carried out, so one that took whatever there was (`balancing_*`),
 * or all of a pending transfer, takes at most what it took then.
 */
export class WhatIf {
  readonly #books: LedgerState;
  readonly #fork: LedgerState;
  readonly #log: ForkLog;
  readonly #changedMax: number;
  readonly #changed: ChangedTransfer[] = [];
  #changedCount = 0;

  /** @param books those to fork; whoever goes on with them tells each batch to `goOn` before */
  constructor(books: LedgerState, { page = 0, changedMax = BATCH_EVENTS_MAX }: WhatIfOptions = {}) {
    this.#books = books;
    this.#log = new ForkLog(books.pages, page);
    this.#fork = books.fork(this.#log);
    this.#changedMax = changedMax;
  }

  /** Transfers of the log that came out otherwise: the first of them, and how many there are. */
  get changed(): { readonly transfers: readonly ChangedTransfer[]; readonly count: number } {
    return { transfers: this.#changed, count: this.#changedCount };
  }

  /** SHA-256 over all that the fork holds. */
  stateHash(): Uint8Array {
    return this.#fork.stateHash();
  }

  /**
   * Posts transfers into the fork, right after the last batch.
   * @param events records of 128 bytes, which are written over
   * @returns numbers of TRANSFER_RESULTS
   * @throws LimitReached as `createTransfers` of the books does
   */
  post(events: Uint8Array, count: number): Uint32Array {
    return this.#take(LogOperation.TRANSFERS, events, count, 0n);
  }

  /**
   * Goes on with a batch that came after, before the books themselves take it. It keeps its time where
   * that is still free, and comes as soon as it can otherwise.
   */
  goOn(batch: LoggedBatch): void {
    const { operation, count, timestamp } = batch;
    if (operation === LogOperation.EXPIRIES) {
      this.#expire(timestamp);
      return;
    }
    this.#expireAlone(timestamp - BigInt(count));
    const results = this.#take(operation, batch.events.slice(), count, timestamp);
    if (operation === LogOperation.TRANSFERS) this.#compare(batch, results);
  }

  /** Ends what is over at an instant in the fork, and not in the books. */
  settle(timestamp: bigint): void {
    this.#expireAlone(timestamp);
  }

  /**
   * The accounts that stand otherwise in the fork, in the order in which they were opened.
   * @param max most that are told
   */
  differences(max = Infinity): AccountDifference[] {
    const differing: AccountDifference[] = [];
    // Transfers open no accounts, so both have the same ones under the same numbers.
    for (let number = 0; number < this.#books.accountsCount && differing.length < max; number++) {
      const inBooks = this.#books.accountRecord(number);
      const inFork = this.#fork.accountRecord(number);
      if (!isSame(inBooks, inFork)) differing.push({ inBooks, inFork });
    }
    return differing;
  }

  #compare({ events, results, count }: LoggedBatch, inFork: Uint32Array): void {
    for (let index = 0; index < count; index++) {
      const [before, now] = [results[index] ?? 0, inFork[index] ?? 0];
      if (before === now) continue;
      this.#changedCount++;
      if (this.#changed.length === this.#changedMax) continue;
      const record = events.slice(index * RECORD_BYTES, (index + 1) * RECORD_BYTES);
      this.#changed.push({ record, result: before, inFork: now });
    }
  }

  #take(operation: number, events: Uint8Array, count: number, earliest: bigint): Uint32Array {
    const fork = this.#fork;
    const next = fork.lastTimestamp + BigInt(count);
    const timestamp = next > earliest ? next : earliest;
    const results = new Uint32Array(count);
    const ordinal = fork.eventsCount;
    if (operation === LogOperation.ACCOUNTS) fork.createAccounts(events, count, timestamp, results);
    else fork.createTransfers(events, count, timestamp, results, this.#log.page);
    this.#log.write({ operation, events, count, timestamp, results, ordinal });
    return results;
  }

  /** What ends in the books has a batch of its own in the log, which is to come. */
  #expireAlone(due: bigint): void {
    while (this.#fork.expiryDueAt() <= due && this.#books.expiryDueAt() > due) this.#expire(due);
  }

  #expire(earliest: bigint): void {
    const fork = this.#fork;
    const next = fork.lastTimestamp + BigInt(BATCH_EVENTS_MAX);
    const timestamp = next > earliest ? next : earliest;
    const events = new Uint8Array(BATCH_EVENTS_MAX * RECORD_BYTES);
    const ordinal = fork.eventsCount;
    const count = fork.expirePending(events, timestamp, this.#log.page);
    if (count === 0) return;
    const results = new Uint32Array(count);
    const operation = LogOperation.EXPIRIES;
    this.#log.write({ operation, events, count, timestamp, results, ordinal });
  }
}

/** Whether two records of an account say the same; one that was opened a moment later does. */
const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  Buffer.compare(one.subarray(0, A_TIMESTAMP * 4), other.subarray(0, A_TIMESTAMP * 4)) === 0;
