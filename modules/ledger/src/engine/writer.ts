import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BATCH_EVENTS_MAX,
  LogOperation,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  RunDamaged,
  type LedgerState,
  type LoggedBatch,
  type Queries,
} from '@anarq/ledger-engine';
import { LedgerClock } from './clock.ts';
import { ExpiryTimer } from './expiryTimer.ts';
import { LedgerLock, removeHalfWritten } from './folder.ts';
import {
  either,
  emptyGroup,
  isAdmitted,
  pageIn,
  type Admit,
  type BatchAnswer,
  type Group,
  type OrderedBatch,
  type Waiting,
} from './group.ts';
import { writtenLedgerIn } from './ledgerId.ts';
import { writeMark } from './mark.ts';
import { PendingEnds } from './pendingEnds.ts';
import { booksOptionsOf, Default, PAGE_RESERVE, type WriterOptions } from './options.ts';
import { recover } from './recovery.ts';
import { countOf, isNoRoom, LedgerRefusal, noRoom, refusalOf } from './refusal.ts';
import { Room } from './room.ts';
import { RunFiles } from './runFiles.ts';
import { endProcess } from './syncFailure.ts';
import { keptPage, Segments } from './segments.ts';
import { SnapshotKeeper } from './snapshotKeeper.ts';
import { dropSnapshots } from './snapshots.ts';

/**
 * The one that writes a ledger: applies batches in their order, writes them to the log in groups, and
 * answers when they are safe. While a group is synced the next one is applied; its answers, and those
 * of questions that saw it, wait for its own sync.
 */
export class LedgerWriter {
  readonly #folder: string;
  readonly #ledger: Uint8Array;
  readonly #lock: LedgerLock;
  readonly #segments: Segments;
  readonly #runs: RunFiles;
  readonly #state: LedgerState;
  readonly #pages: PageWriter;
  readonly #groupPages: number;
  readonly #snapshots: SnapshotKeeper;
  readonly #queueMax: number;
  readonly #isOrdered: boolean;
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
  readonly #expiryTimer = new ExpiryTimer(() => {
    this.expire();
    this.#wakeForExpiry();
  });
  readonly #ends = new PendingEnds();
  readonly replayed: number;

  private constructor(folder: string, options: WriterOptions, lock: LedgerLock) {
    this.#folder = folder;
    this.#groupPages = Math.max(options.groupPages ?? Default.GROUP_PAGES, PAGE_RESERVE);
    this.#queueMax = options.queueMax ?? Default.QUEUE;
    this.#isOrdered = options.isOrdered === true;
    this.#now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#onSyncFailure = options.onSyncFailure ?? endProcess;
    this.#lock = lock;
    this.#segments = new Segments(folder, options.segmentPages ?? Default.SEGMENT_PAGES);
    this.#room = new Room(this.#segments, () => this.#schedule());
    mkdirSync(join(folder, 'runs'), { recursive: true, mode: 0o700 });
    this.#filling = emptyGroup(this.#groupPages + PAGE_RESERVE);
    this.#writing = emptyGroup(this.#groupPages + PAGE_RESERVE);
    const ledger = writtenLedgerIn(folder, this.#isOrdered);
    this.#ledger = ledger;
    this.#runs = new RunFiles(join(folder, 'runs'));
    const { state, position, replayed, snapshotPage } = recover(folder, this.#segments, ledger, {
      pages: { read: (page) => this.readPage(page) },
      runs: this.#runs,
      ...booksOptionsOf(options),
      pagesMin: options.pagesMin,
    });
    this.#state = state;
    this.replayed = replayed;
    this.#pages = new PageWriter(ledger, position);
    this.#filling.firstPage = position.page;
    this.#clock = new LedgerClock(this.#now, state.lastTimestamp);
    this.#snapshots = new SnapshotKeeper({
      folder,
      everyPages: options.snapshotPages ?? Default.SNAPSHOT_PAGES,
      from: snapshotPage,
      segments: this.#segments,
      runs: this.#runs,
      settled: () => this.settled(),
      onFailure: (error) => void this.#fail(error),
    });
    this.#runs.writeBehind((error) => void this.#fail(error));
  }

  /**
   * Opens the ledger in a folder, or makes one.
   * @throws LogDamaged where the log lost what it had acknowledged
   * @throws Error where another process has it, or the disk is full
   */
  static async open(folder: string, options: WriterOptions = {}): Promise<LedgerWriter> {
    const lock = new LedgerLock(folder);
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

  /** Ends the pending transfers that are over by now; by an order they end with what it says next. */
  expire(): void {
    if (this.#isOrdered || this.#isClosed || this.#failure !== undefined) return;
    this.#expire(this.#now());
    this.#flush();
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
  createAccounts(events: Uint8Array, cause?: Uint8Array, admit?: Admit): Promise<BatchAnswer> {
    return this.#bring({ operation: LogOperation.ACCOUNTS, events, cause, admit });
  }

  /** Creates transfers: records of 128 bytes, which are written over. */
  createTransfers(events: Uint8Array, cause?: Uint8Array, admit?: Admit): Promise<BatchAnswer> {
    return this.#bring({ operation: LogOperation.TRANSFERS, events, cause, admit });
  }

  /**
   * Applies a batch behind those before it, at the time of its order. What is over by then ends first, all
   * of it: the books follow from the order alone.
   */
  bringOrdered(batch: OrderedBatch): Promise<BatchAnswer> {
    return this.#bring(batch);
  }

  /** Waits until everything that was applied is safe: what a question saw may be told then. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#filling.answers.push(either(resolve, reject));
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
    this.#expiryTimer.stop();
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
    await this.#runs.settle();
    this.#segments.close();
    this.#runs.close();
    this.#lock.release();
  }

  #bring(batch: Omit<Waiting, 'count' | 'done' | 'refuse'>): Promise<BatchAnswer> {
    return new Promise((done, refuse) => {
      const { operation, events, cause, admit, time, logged } = batch;
      const count = countOf(events, cause);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isClosed)
        throw new LedgerRefusal('SERVICE_UNAVAILABLE', 'the ledger is being closed');
      if (this.#queue.length >= this.#queueMax)
        throw new LedgerRefusal('LIMIT_EXCEEDED', `${this.#queueMax} batches wait already`);
      this.#queue.push({ operation, events, count, cause, admit, time, logged, done, refuse });
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
    for (let next = this.#queue.at(0); next !== undefined; next = this.#queue.at(0)) {
      // A group that is full waits for the one before it; so do those who bring more.
      if (this.#failure !== undefined || !this.#hasRoomFor(next.count)) break;
      if (this.#room.full !== undefined) {
        // What an order says next waits: whoever passed over it would have other books.
        if (next.time !== undefined) break;
        this.#queue.shift()?.refuse(noRoom(this.#room.full));
        continue;
      }
      const isExpired = this.#expireBefore(next.time);
      // Books that failed halfway take nothing more.
      if (!isExpired || this.#failure !== undefined || !this.#hasRoomFor(next.count)) break;
      this.#queue.shift();
      if (isAdmitted(next, this.#state) && !this.#apply(next)) break;
    }
    this.#flush();
    if (this.#isOrdered && this.#queue.length > 0) this.#room.tryLater();
  }

  #hasRoomFor(count: number): boolean {
    const { firstPage, pages } = this.#filling;
    if (pages + pagesOf(count) > this.#groupPages) return false;
    const last = firstPage + pages + pagesOf(count) + PAGE_RESERVE;
    if (this.#segments.hasRoomBefore(last)) return true;
    this.#room.prepare();
    return this.#room.full !== undefined;
  }

  /** @returns false where it waits for room on the disk, before everything behind it */
  #apply(waiting: Waiting): boolean {
    const { operation, events, count, cause, time, done, refuse } = waiting;
    const results = new Uint32Array(count);
    const timestamp = this.#clock.tick(count, time, this.#state);
    const { page } = this.#pages.position;
    const ordinal = this.#state.eventsCount;
    const refusal = this.#change(() => {
      if (operation === LogOperation.ACCOUNTS)
        this.#state.createAccounts(events, count, timestamp, results);
      else this.#state.createTransfers(events, count, timestamp, results, page);
    });
    if (refusal !== undefined) {
      const isRefused = time === undefined || !isNoRoom(refusal);
      if (isRefused) refuse(refusal);
      else this.#queue.unshift(waiting);
      return isRefused;
    }
    if (count > 0) this.#log({ operation, events, count, timestamp, results, ordinal, cause });
    const answer = { results, timestamp, ordinal, page };
    waiting.logged?.(answer);
    this.#filling.answers.push(either(() => done(answer), refuse));
    return true;
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

  /** Ends what is over before a batch. @returns whether the batch may follow now */
  #expireBefore(time: bigint | undefined): boolean {
    if (time === undefined) this.#expire(this.#now());
    // By an order all of it ends here: elsewhere it does too.
    else while (this.#state.expiryDueAt() <= time) if (!this.#expire(time, time)) return false;
    return true;
  }

  /** Ends what is over before anybody moves more, as many as fit a batch. @returns false where none could be */
  #expire(now: bigint, time?: bigint): boolean {
    if (this.#state.expiryDueAt() > now) return false;
    const { firstPage, pages } = this.#filling;
    if (pages + PAGE_RESERVE > this.#groupPages) return false;
    if (firstPage + pages + PAGE_RESERVE > this.#segments.end) {
      if (this.#room.full === undefined) this.#room.prepare();
      return false;
    }
    const timestamp = this.#clock.tick(BATCH_EVENTS_MAX, time, this.#state);
    const { page } = this.#pages.position;
    let ended: LoggedBatch | undefined;
    this.#change(() => {
      ended = this.#ends.of(this.#state, timestamp, page);
    });
    if (ended === undefined) return false;
    this.#log(ended);
    return true;
  }

  #log(batch: LoggedBatch): void {
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
    void written.then(() => this.#isSafe(group)).catch((error: unknown) => this.#fail(error));
  }

  #isSafe(group: Group): void {
    if (this.#failure !== undefined) return;
    this.#isWriting = false;
    group.pages = 0;
    for (const answer of group.answers.splice(0)) answer();
    for (const hear of this.#listeners) hear(this.#filling.firstPage);
    this.#pump();
    if (!this.#isClosed) this.#snapshots.take(this.#pages.position, this.#state);
    this.#wakeForExpiry();
  }

  /** A page of the log, also one that is still on its way to the disk. */
  readPage(page: number): Uint8Array {
    const waiting = pageIn(this.#filling, page) ?? pageIn(this.#writing, page);
    if (waiting !== undefined) return waiting;
    return keptPage(this.#segments, page, this.#ledger);
  }

  #wakeForExpiry(): void {
    if (this.#isOrdered || this.#isClosed || this.#failure !== undefined) return;
    this.#expiryTimer.set(this.#state.expiryDueAt(), this.#now());
  }
}
