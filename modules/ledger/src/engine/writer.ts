import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BATCH_EVENTS_MAX,
  isPageAt,
  LogDamaged,
  LogOperation,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  RECORD_BYTES,
  RunDamaged,
  TIMESTAMP_MAX,
  type LedgerState,
  type Queries,
} from '@anarq/ledger-engine';
import { LedgerClock } from './clock.ts';
import { FolderLock, removeHalfWritten } from './folder.ts';
import { emptyGroup, pageIn, type BatchAnswer, type Group, type Waiting } from './group.ts';
import { ledgerIdIn } from './ledgerId.ts';
import { writeMark } from './mark.ts';
import { booksOptionsOf, type WriterOptions } from './options.ts';
import { recover } from './recovery.ts';
import { countOf, LedgerRefusal, refusalOf } from './refusal.ts';
import { Room } from './room.ts';
import { RunFiles } from './runFiles.ts';
import { endProcess } from './syncFailure.ts';
import { Segments } from './segments.ts';
import { SnapshotKeeper } from './snapshotKeeper.ts';
import { dropSnapshots } from './snapshots.ts';

const SEGMENT_PAGES = 16_384;
const SNAPSHOT_PAGES = 16 * SEGMENT_PAGES;
const GROUP_PAGES = 2_048;
const QUEUE_MAX = 4_096;
/** Pages of the largest batch: room that is kept for the ends of pending transfers. */
const PAGE_RESERVE = pagesOf(BATCH_EVENTS_MAX);

/**
 * The one that writes a ledger: applies batches in their order, writes them to the log in groups, and
 * answers when they are safe. While a group is synced the next one is applied; its answers, and those
 * of questions that saw it, wait for its own sync.
 */
export class LedgerWriter {
  readonly #folder: string;
  readonly #ledger: Uint8Array;
  readonly #lock: FolderLock;
  readonly #segments: Segments;
  readonly #runs: RunFiles;
  readonly #state: LedgerState;
  readonly #pages: PageWriter;
  readonly #groupPages: number;
  readonly #snapshots: SnapshotKeeper;
  readonly #queueMax: number;
  readonly #now: () => bigint;
  readonly #clock: LedgerClock;
  readonly #room: Room;
  readonly #onSyncFailure: (error: unknown) => void;
  readonly #queue: Waiting[] = [];
  readonly #listeners: ((page: number) => void)[] = [];
  /** The group that is filled, and the one that is written. */
  #filling: Group;
  #writing: Group;
  #isWriting = false;
  #isPumping = false;
  #isClosed = false;
  #closing: Promise<void> | undefined;
  /** Why nothing can be written any more. */
  #failure: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #expired = new Uint8Array(BATCH_EVENTS_MAX * RECORD_BYTES);
  readonly #expiredResults = new Uint32Array(BATCH_EVENTS_MAX);
  readonly replayed: number;

  private constructor(folder: string, options: WriterOptions, lock: FolderLock) {
    this.#folder = folder;
    this.#groupPages = Math.max(options.groupPages ?? GROUP_PAGES, PAGE_RESERVE);
    this.#queueMax = options.queueMax ?? QUEUE_MAX;
    this.#now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#onSyncFailure = options.onSyncFailure ?? endProcess;
    this.#lock = lock;
    this.#segments = new Segments(folder, options.segmentPages ?? SEGMENT_PAGES);
    this.#room = new Room(this.#segments, () => this.#schedule());
    mkdirSync(join(folder, 'runs'), { recursive: true, mode: 0o700 });
    this.#filling = emptyGroup(this.#groupPages + PAGE_RESERVE);
    this.#writing = emptyGroup(this.#groupPages + PAGE_RESERVE);
    const ledger = ledgerIdIn(folder);
    this.#ledger = ledger;
    this.#runs = new RunFiles(join(folder, 'runs'));
    const { state, position, replayed, snapshotPage } = recover(folder, this.#segments, ledger, {
      pages: { read: (page) => this.#readPage(page) },
      runs: this.#runs,
      ...booksOptionsOf(options),
    });
    this.#state = state;
    this.replayed = replayed;
    this.#pages = new PageWriter(ledger, position);
    this.#filling.firstPage = position.page;
    this.#clock = new LedgerClock(this.#now, state.lastTimestamp);
    this.#snapshots = new SnapshotKeeper({
      folder,
      everyPages: options.snapshotPages ?? SNAPSHOT_PAGES,
      from: snapshotPage,
      segments: this.#segments,
      runs: this.#runs,
      settled: () => this.settled(),
      onFailure: (error) => void this.#fail(error),
    });
  }

  /**
   * Opens the ledger in a folder, or makes one.
   * @throws LogDamaged where the log lost what it had acknowledged
   * @throws Error where another process has it, or the disk is full
   */
  static async open(folder: string, options: WriterOptions = {}): Promise<LedgerWriter> {
    const lock = new FolderLock(folder);
    let writer: LedgerWriter | undefined;
    try {
      removeHalfWritten(folder);
      writer = new LedgerWriter(folder, options, lock);
      const { safe, page } = writer.#pages.position;
      await writer.#segments.makeSafe(safe, page);
      await writer.#segments.clearFrom(page);
      await writer.#segments.reserve(page + writer.#groupPages);
    } catch (error) {
      if (writer === undefined) lock.release();
      else await writer.#release();
      throw error;
    }
    writer.#wakeForExpiry();
    return writer;
  }

  /** What the books can be asked; the answer may be told when `settled` is. */
  get queries(): Queries {
    return this.#state.queries;
  }

  get state(): LedgerState {
    return this.#state;
  }

  /** Pages in the log, those included that are not safe yet. */
  get pages(): number {
    return this.#pages.position.page;
  }

  /** Tells the page before which everything is safe: now, and whenever more is. */
  onSafe(hear: (page: number) => void): void {
    this.#listeners.push(hear);
    hear(this.#isWriting ? this.#writing.firstPage : this.#filling.firstPage);
  }

  /** Opens accounts: records of 128 bytes, which are written over. */
  createAccounts(events: Uint8Array, cause?: Uint8Array): Promise<BatchAnswer> {
    return this.#bring(LogOperation.ACCOUNTS, events, cause);
  }

  /** Creates transfers: records of 128 bytes, which are written over. */
  createTransfers(events: Uint8Array, cause?: Uint8Array): Promise<BatchAnswer> {
    return this.#bring(LogOperation.TRANSFERS, events, cause);
  }

  /** Waits until everything that was applied is safe: what a question saw may be told then. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#filling.answers.push((failure) => {
        if (failure === undefined) resolve();
        else reject(failure);
      });
      this.#flush();
    });
  }

  /** Ends when all that was brought is answered. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#failure !== undefined) return this.#release();
    while (this.#queue.length > 0 || this.#isWriting || this.#filling.answers.length > 0) {
      // What was brought in this turn of the loop is applied in the next.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.settled();
    }
    await this.#snapshots.settled();
    await writeMark(this.#folder, this.#pages.position.page);
    await this.#release();
  }

  async #release(): Promise<void> {
    await this.#segments.settle();
    this.#segments.close();
    this.#runs.close();
    this.#lock.release();
  }

  #bring(
    operation: number,
    events: Uint8Array,
    cause: Uint8Array | undefined,
  ): Promise<BatchAnswer> {
    return new Promise((done, refuse) => {
      const count = countOf(events, cause);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isClosed) throw new LedgerRefusal('NODE_STOPPING', 'the ledger is being closed');
      if (this.#queue.length >= this.#queueMax)
        throw new LedgerRefusal('LIMIT_EXCEEDED', `${this.#queueMax} batches wait already`);
      this.#queue.push({ operation, events, count, cause, done, refuse });
      this.#schedule();
    });
  }

  /** Applies what came in together in one go, so that it is one group. */
  #schedule(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#queue.length > 0 && this.#failure === undefined) {
      const [next] = this.#queue;
      if (next === undefined) break;
      // A group that is full waits for the one before it; so do those who bring more.
      if (!this.#hasRoomFor(next.count)) break;
      if (this.#room.full !== undefined) {
        this.#queue.shift();
        next.refuse(
          new LedgerRefusal('STORAGE_FULL', `the disk is full: ${this.#room.full.message}`),
        );
        continue;
      }
      this.#expire();
      if (!this.#hasRoomFor(next.count)) break;
      this.#queue.shift();
      this.#apply(next);
    }
    this.#flush();
  }

  #hasRoomFor(count: number): boolean {
    const { firstPage, pages } = this.#filling;
    if (pages + pagesOf(count) > this.#groupPages) return false;
    const last = firstPage + pages + pagesOf(count) + PAGE_RESERVE;
    if (this.#segments.hasRoomBefore(last)) return true;
    this.#room.prepare();
    return this.#room.full !== undefined;
  }

  #apply({ operation, events, count, cause, done, refuse }: Waiting): void {
    const results = new Uint32Array(count);
    const timestamp = this.#clock.tick(count);
    const { page } = this.#pages.position;
    const ordinal = this.#state.eventsCount;
    const refusal = this.#change(() => {
      if (operation === LogOperation.ACCOUNTS)
        this.#state.createAccounts(events, count, timestamp, results);
      else this.#state.createTransfers(events, count, timestamp, results, page);
    });
    if (refusal !== undefined) {
      refuse(refusal);
      return;
    }
    if (count > 0) this.#log({ operation, events, count, timestamp, results, ordinal, cause });
    this.#filling.answers.push((failure) => {
      if (failure === undefined) done({ results, timestamp, ordinal, page });
      else refuse(failure);
    });
  }

  /** Changes the books, or says why they did not change. Whatever goes wrong halfway is the end. */
  #change(change: () => void): Error | undefined {
    try {
      change();
      return undefined;
    } catch (error) {
      return refusalOf(error) ?? this.#fail(error);
    }
  }

  /** Nothing is known any more of what is under way: whoever waits is told so, and the process ends. */
  #fail(error: unknown): Error {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#failure ??= failure;
    // They name the index: the next start makes it again from the log.
    if (error instanceof RunDamaged) dropSnapshots(this.#folder);
    for (const { answers } of [this.#writing, this.#filling])
      for (const answer of answers.splice(0)) answer(failure);
    for (const { refuse } of this.#queue.splice(0)) refuse(failure);
    this.#onSyncFailure(error);
    return failure;
  }

  /** Ends what is over before anybody moves more. */
  #expire(): void {
    if (this.#state.expiryDueAt() > this.#now()) return;
    const { firstPage, pages } = this.#filling;
    if (pages + PAGE_RESERVE > this.#groupPages) return;
    if (firstPage + pages + PAGE_RESERVE > this.#segments.end) {
      if (this.#room.full === undefined) this.#room.prepare();
      return;
    }
    const timestamp = this.#clock.tick(BATCH_EVENTS_MAX);
    const ordinal = this.#state.eventsCount;
    const { page } = this.#pages.position;
    let count = 0;
    this.#change(() => {
      count = this.#state.expirePending(this.#expired, timestamp, page);
    });
    if (count === 0) return;
    this.#log({
      operation: LogOperation.EXPIRIES,
      events: this.#expired,
      count,
      timestamp,
      results: this.#expiredResults,
      ordinal,
    });
  }

  #log(batch: Parameters<PageWriter['write']>[0]): void {
    const group = this.#filling;
    const { position } = this.#pages;
    position.safe = this.#isWriting ? this.#writing.firstPage : group.firstPage;
    this.#pages.write(batch, group.buffer, group.pages * PAGE_BYTES);
    group.pages += pagesOf(batch.count);
  }

  #flush(): void {
    const group = this.#filling;
    if (this.#isWriting || this.#failure !== undefined) return;
    if (group.pages === 0 && group.answers.length === 0) return;
    this.#isWriting = true;
    this.#filling = this.#writing;
    this.#writing = group;
    this.#filling.firstPage = group.firstPage + group.pages;
    this.#filling.pages = 0;
    this.#filling.answers = [];
    const bytes = group.buffer.subarray(0, group.pages * PAGE_BYTES);
    const written =
      group.pages === 0 ? Promise.resolve() : this.#segments.write(group.firstPage, bytes);
    const isWritten = (): void => {
      this.#isSafe(group);
    };
    written.then(isWritten, (error: unknown) => this.#fail(error));
  }

  #isSafe(group: Group): void {
    if (this.#failure !== undefined) return;
    this.#isWriting = false;
    const { answers } = group;
    group.answers = [];
    group.pages = 0;
    for (const answer of answers) answer();
    for (const hear of this.#listeners) hear(this.#filling.firstPage);
    this.#pump();
    if (!this.#isClosed) this.#snapshots.take(this.#pages.position, this.#state);
    this.#wakeForExpiry();
  }

  /** A page of the log, also one that is still on its way to the disk. */
  #readPage(page: number): Uint8Array {
    const waiting = pageIn(this.#filling, page) ?? pageIn(this.#writing, page);
    if (waiting !== undefined) return waiting;
    const kept = this.#segments.read(page);
    if (kept === undefined || !isPageAt(kept, page, this.#ledger))
      throw new LogDamaged(page, `page ${page} of the log is damaged`);
    return kept;
  }

  #wakeForExpiry(): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    clearTimeout(this.#timer);
    const due = this.#state.expiryDueAt();
    if (due === TIMESTAMP_MAX) return;
    const wait_ms = Number((due - this.#now()) / 1_000_000n) + 1;
    this.#timer = setTimeout(
      () => {
        this.#expire();
        this.#flush();
        this.#wakeForExpiry();
      },
      Math.min(Math.max(1, wait_ms), 2 ** 31 - 1),
    );
    this.#timer.unref();
  }
}
