import { Accounts } from './accounts.ts';
import { BalanceHistory } from './balanceHistory.ts';
import { Events } from './events.ts';
import { Expiries } from './expiries.ts';
import type { HashKey } from './hashing.ts';
import { BATCH_EVENTS_MAX } from './layout.ts';
import type { PageReader, RunStore } from './ports.ts';
import { Parties } from './parties.ts';
import { Postings } from './postings.ts';
import { Status } from './statuses.ts';
import { TransferIds } from './transferIds.ts';
import { Undo } from './undo.ts';

/**
 * Words of `last`: when the last account was opened, when the last transfer was created, and the time of
 * the last batch, whatever became of its events.
 */
export const LAST_ACCOUNT = 0;
export const LAST_TRANSFER = 2;
export const LAST_BATCH = 4;

export interface BooksOptions {
  /**
   * The log, where transfers are read that no longer lie in memory. While a batch is applied, the pages
   * of all batches before it can be read there.
   */
  readonly pages?: PageReader;
  /** Where indexes are written that no longer lie in memory. Without both, all stays in memory. */
  readonly runs?: RunStore;
  /** Events after which indexes are written away, a power of two. */
  readonly sealEvents?: number;
  /** Keeps the balances after each event for all accounts, not only for those with `history`. */
  readonly keepsAllBalances?: boolean;
  /**
   * Mixed into where ids lie in memory: chance that whoever sends ids does not know. The books, their
   * hash and their files are the same under any.
   */
  readonly hashKey?: HashKey;
  /** Most accounts. */
  readonly accountsMax?: number;
  /** Most events of a batch. */
  readonly batchEventsMax?: number;
}

const SEAL_EVENTS = 2 ** 18;
const ACCOUNTS_MAX = 2 ** 26;
const HISTORY_CHUNK_ENTRIES = 1024;
const EXPIRIES_MIN = 4_096;

/** Everything a ledger holds, apart from the rules by which it changes. */
export class Books {
  readonly options: BooksOptions;
  readonly accountsMax: number;
  readonly batchEventsMax: number;
  readonly keepsAllBalances: boolean;
  readonly accounts: Accounts;
  readonly parties = new Parties();
  readonly ids: TransferIds;
  readonly events: Events;
  readonly expiries: Expiries;
  readonly history: BalanceHistory;
  readonly postings: Postings;
  readonly undo = new Undo();
  /** Times as low and high words: LAST_ACCOUNT, LAST_TRANSFER, LAST_BATCH. */
  readonly last = new Uint32Array(6);
  readonly #sealEvents: number;

  constructor(options: BooksOptions) {
    this.options = options;
    const { pages, runs, sealEvents = SEAL_EVENTS } = options;
    const store = pages === undefined ? undefined : runs;
    this.#sealEvents = sealEvents;
    this.accountsMax = options.accountsMax ?? ACCOUNTS_MAX;
    this.batchEventsMax = options.batchEventsMax ?? BATCH_EVENTS_MAX;
    this.keepsAllBalances = options.keepsAllBalances ?? false;
    this.accounts = new Accounts(options.hashKey);
    this.ids = new TransferIds(store, Math.max(2, sealEvents), options.hashKey);
    this.events = new Events(pages, Math.min(sealEvents, 2 ** 14));
    this.expiries = new Expiries(Math.min(sealEvents, EXPIRIES_MIN));
    this.history = new BalanceHistory(store, Math.min(sealEvents, HISTORY_CHUNK_ENTRIES));
    this.postings = new Postings(this.events, store);
  }

  /** Makes room for a batch of transfers, and writes away what is full. @returns its first ordinal */
  begin(count: number, firstPage: number, words: Uint32Array): number {
    this.makeRoom(count);
    this.parties.begin();
    return this.events.begin(count, firstPage, words);
  }

  /** Writes away what is full. Where that fails it can be tried again, and nothing is changed. */
  makeRoom(count: number): void {
    this.ids.reserve(count);
    const { events, postings } = this;
    this.expiries.prune((ordinal) => events.statuses.get(ordinal) === Status.PENDING);
    if (events.count - postings.sealedTo >= this.#sealEvents) {
      const before = postings.sealedTo;
      postings.seal(this.accounts.count);
      this.history.seal();
      // Without a place to write to nothing was sealed, and nothing is forgotten.
      if (postings.sealedTo > before) events.forget(before);
    }
  }
}
