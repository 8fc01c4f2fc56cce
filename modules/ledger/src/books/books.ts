import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { BATCH_EVENTS_MAX, LogDamaged, type LedgerState, type Queries } from '@anarq/ledger-engine';
import type { OwnLog, OwnLogPlace, ReadContext } from '@anarq/kernel';
import { FAULT_MODELS } from '@anarq/ordering/fault-models';
import type { Admit, BatchAnswer } from '../engine/group.ts';
import type { ForkAnswer, ForkPlace } from '../engine/forkedPast.ts';
import { Forks } from '../engine/forks.ts';
import { answerAt } from '../engine/loggedAnswer.ts';
import { LedgerWriter } from '../engine/writer.ts';
import { Brought } from '../served/brought.ts';
import { batchOf, type LoggedBatch } from './loggedBatch.ts';
import { accountKey, ownerMark } from './keys.ts';
import { accountEntry, type AccountEntry } from './records.ts';
import { SignedBooks } from './signedBooks.ts';
import { inBooks } from './refused.ts';
import { booksOfStore, checkBooks, keepBooks } from './identity.ts';
import { lastPageIn } from './lastPage.ts';
import { hasBooks, takeOver } from './takeOver.ts';
import { tryOut, type Trial, type Tried } from './tryOut.ts';

/**
 * A node's ledger is small beside what the engine is made for, and is opened at each start: 4 MiB of
 * log are made ahead, and as many pages go into one sync as the largest batch has.
 */
export const SEGMENT_PAGES = 1_024;
const SNAPSHOT_PAGES = 32 * SEGMENT_PAGES;
const GROUP_PAGES = 256;
/** What a fork goes through: from the older of the two snapshots that are kept, at least. */
const FORK_PAGES_MAX = 2 * SNAPSHOT_PAGES;
const FORK_ACCOUNTS_MAX = 1_000_000;
/** Less than a call has, so that it is told why. */
const FORK_MS_MAX = 25_000;
/** Whoever has not told its outcome for so long holds nobody's list up any more. */
const UNTOLD_MS_MAX = 10_000;
const NS_PER_MS = 1_000_000n;
/**
 * The last event of a batch has the time of the batch, each before it a nanosecond less. With so many
 * nanoseconds of room they are of the millisecond in which the batch came, and not of one that is over.
 */
const ROOM_NS = BigInt(BATCH_EVENTS_MAX);

/** A batch by the time and the number of its first event. */
interface Untold {
  readonly from: bigint;
  readonly ordinal: number;
  readonly since_ms: number;
}

/** What is posted into a fork of the books, and where. */
export interface BooksFork {
  readonly place: ForkPlace;
  /** Transfers as records. */
  readonly records: Uint8Array;
  readonly count: number;
  /** Whether the fork goes on with what came after it. */
  readonly goesOn: boolean;
  /** Most accounts, and most transfers, that are told. */
  readonly toldMax: number;
}

/** The books of a node: the engine's log and state, as the handlers use them. */
export class Books implements OwnLog {
  readonly #writer: LedgerWriter;
  /** What came over the socket, and waits for its call. */
  readonly brought = new Brought();
  /** Its signed checkpoints, and proofs that lead to them. */
  readonly signed: SignedBooks;
  readonly #place: Pick<OwnLogPlace, 'folder' | 'now_ms'>;
  readonly #forks = new Forks(FORK_MS_MAX);
  /** Batches that are in the log, and whose outcome is not in the store yet. */
  readonly #untold = new Map<string, Untold>();

  private constructor(
    place: Pick<OwnLogPlace, 'folder' | 'now_ms'>,
    writer: LedgerWriter,
    signed: SignedBooks,
  ) {
    this.#place = place;
    this.#writer = writer;
    this.signed = signed;
  }

  /** Opens the books of a node; takes over what an earlier version kept in tables, the first time. */
  static async open(place: OwnLogPlace): Promise<Books> {
    const known = await booksOfStore(place);
    checkBooks(place.folder, known);
    if (!hasBooks(place.folder)) await takeOver(place, writerAt);
    const last = await lastPageIn(place.read);
    const pagesMin = last === undefined ? 0 : last + 1;
    const writer = await writerAt(place.folder, place.now_ms, pagesMin).catch(
      damagedIn(place.folder),
    );
    if (known === undefined) await keepBooks(place);
    const signed = new SignedBooks(place, writer, SEGMENT_PAGES);
    signed.signAgain();
    return new Books(place, writer, signed);
  }

  /** Who orders its batches, and what that bears. */
  readonly faultModel = FAULT_MODELS.local;

  /** Opens accounts: in the log, and safe, when it answers. */
  createAccounts = (records: Uint8Array, cause: Uint8Array): Promise<BatchAnswer> =>
    this.#writer.createAccounts(records, cause);

  /** Creates transfers likewise. */
  createTransfers = (records: Uint8Array, cause: Uint8Array, admit: Admit): Promise<BatchAnswer> =>
    this.#writer.createTransfers(records, cause, admit);

  /** What became of the transfers of a batch that is in the log already; undefined where it is not. */
  outcomeOf(cause: Uint8Array, keys: readonly bigint[]): BatchAnswer | undefined {
    const { state } = this.#writer;
    for (const key of keys) {
      const ordinal = state.queries.usedBy(key);
      if (ordinal === undefined) continue;
      const { page } = state.placeOf(ordinal);
      const batch = answerAt(page, (at) => this.#writer.readPage(at));
      if (Buffer.compare(batch.cause, cause) === 0) return batch;
    }
    return undefined;
  }

  /** Likewise without its ids: the log is read from a page on, at which a batch begins. */
  async batchBehind(page: number, cause: Uint8Array): Promise<LoggedBatch | undefined> {
    const found = batchOf(cause, page, this.#writer.pages, (at) => this.#writer.readPage(at));
    await this.#writer.settled();
    return found;
  }

  /** Pages of the log so far. */
  get pages(): number {
    return this.#writer.pages;
  }

  /** The state as it is now: what follows from it may be told when `settled` is. */
  get state(): LedgerState {
    return this.#writer.state;
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  /** Asks the books as they are now; the answer is told when all that it saw is safe. */
  async ask<T>(question: (queries: Queries) => T): Promise<T> {
    this.#writer.expire();
    const answer = question(this.#writer.queries);
    await this.#writer.settled();
    return answer;
  }

  /** What transfers would be answered now, and how their accounts would stand. Nothing of it is kept. */
  tryOut(trial: Trial): Promise<Tried> {
    return this.ask(() => tryOut(this.#writer.state, trial));
  }

  /**
   * What would be, had transfers been posted at a place of the past, or now.
   * @throws LIMIT_EXCEEDED where the place is too far away; SERVICE_UNAVAILABLE while another call asks;
   * INPUT_INVALID for a place that the books have not come to
   */
  async fork({ toldMax, goesOn, ...trial }: BooksFork): Promise<ForkAnswer> {
    const { folder, now_ms } = this.#place;
    this.#writer.expire();
    const { pages } = this.#writer;
    await this.#writer.settled();
    return inBooks(
      this.#forks.run({
        ...trial,
        folder,
        runsFolder: join(folder, 'runs'),
        segmentPages: SEGMENT_PAGES,
        pages,
        pagesMax: FORK_PAGES_MAX,
        accountsMax: FORK_ACCOUNTS_MAX,
        toldMax,
        ...(goesOn ? { until: BigInt(Math.floor(now_ms())) * NS_PER_MS } : {}),
      }),
    );
  }

  /** Notes that a batch is in the log: lists end before it until its outcome is told. */
  begin(batchId: string, { timestamp, ordinal, results }: BatchAnswer): void {
    this.#untold.set(batchId, {
      from: timestamp - BigInt(Math.max(0, results.length - 1)),
      ordinal,
      since_ms: performance.now(),
    });
  }

  told(batchId: string): void {
    this.#untold.delete(batchId);
  }

  /** The oldest batch whose outcome is not told yet. */
  get #oldestUntold(): Untold | undefined {
    let oldest: Untold | undefined;
    for (const batch of this.#untold.values())
      if (
        performance.now() - batch.since_ms < UNTOLD_MS_MAX &&
        (oldest === undefined || batch.from < oldest.from)
      )
        oldest = batch;
    return oldest;
  }

  /** The instant before which everything has been told, in nanoseconds; undefined where all has. */
  get horizon(): bigint | undefined {
    return this.#oldestUntold?.from;
  }

  /** The same as the number of an event. */
  get ordinalHorizon(): number | undefined {
    return this.#oldestUntold?.ordinal;
  }

  /** An account as it stands now. */
  account(tenant: string, id: string): Promise<AccountEntry | undefined> {
    return this.ask((queries) => {
      const record = queries.account(accountKey(tenant, id));
      return record === undefined ? undefined : accountEntry(record);
    });
  }

  /** The accounts that somebody owns, in the order in which they were opened. */
  ownedBy(did: string): Promise<AccountEntry[]> {
    const filter = { userData128: ownerMark(did), limit: Number.MAX_SAFE_INTEGER };
    return this.ask((queries) => queries.accounts(filter).map(accountEntry));
  }

  /** SHA-256 over all that the books hold: the same here and on any machine after the same log. */
  async stateHash(): Promise<Uint8Array> {
    await this.#writer.settled();
    return this.#writer.state.stateHash();
  }

  async close(): Promise<void> {
    await this.#forks.close();
    await this.signed.close();
    await this.#writer.close();
  }
}

const writerAt = (folder: string, now_ms: () => number, pagesMin = 0): Promise<LedgerWriter> =>
  LedgerWriter.open(folder, {
    segmentPages: SEGMENT_PAGES,
    snapshotPages: SNAPSHOT_PAGES,
    groupPages: GROUP_PAGES,
    pagesMin,
    now: () => BigInt(Math.floor(now_ms())) * NS_PER_MS + ROOM_NS,
  });

/** Says where the damage is, and what whoever meets it can do. */
const damagedIn =
  (folder: string) =>
  (error: unknown): never => {
    if (!(error instanceof LogDamaged)) throw error;
    return fail(
      'FOLDER_UNUSABLE',
      `The books in ${folder} are damaged: ${error.message}. Restore the last backup into another folder with ./q restore, and keep this one.`,
    );
  };

/** The books of the node on which a handler runs. */
export function booksOf({ ownLog }: Pick<ReadContext, 'ownLog'>): Books {
  if (ownLog instanceof Books) return ownLog;
  throw new Error('the ledger runs without its books');
}
