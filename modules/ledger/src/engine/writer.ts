import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BATCH_EVENTS_MAX,
  LogOperation,
  PAGE_BYTES,
  pagesOf,
  PageWriter,
  RECORD_BYTES,
  TIMESTAMP_MAX,
  type LedgerState,
  type Queries,
} from '@anarq/ledger-engine';
import { FolderLock, removeHalfWritten } from './folder.ts';
import { emptyGroup, pageIn, type BatchAnswer, type Group, type Waiting } from './group.ts';
import { ledgerIdIn } from './ledgerId.ts';
import { writeMark } from './mark.ts';
import { booksOptionsOf, type WriterOptions } from './options.ts';
import { recover } from './recovery.ts';
import { LedgerRefusal } from './refusal.ts';
import { RunFiles } from './runFiles.ts';
import { endProcess } from './syncFailure.ts';
import { Segments } from './segments.ts';
import { snapshotPages, writeSnapshot } from './snapshots.ts';

const SEGMENT_PAGES = 16_384;
const SNAPSHOT_PAGES = 16 * SEGMENT_PAGES;
const GROUP_PAGES = 2_048;
const QUEUE_MAX = 4_096;
/** How long a full disk is taken for one before it is tried again. */
const FULL_MS = 1_000;
/** Pages of the largest batch: room that is kept for the ends of pending transfers. */
const PAGE_RESERVE = pagesOf(BATCH_EVENTS_MAX);

/**
 * The one that writes a ledger: applies batches in their order, writes them to the log in groups, and
 * answers when they are safe. While a group is synced the next one is applied; its answers, and those
 * of questions that saw it, wait for its own sync.
 */
export class LedgerWriter {
  readonly #folder: string;
  readonly #lock: FolderLock;
  readonly #segments: Segments;
  readonly #runs: RunFiles;
  readonly #state: LedgerState;
  readonly #pages: PageWriter;
  readonly #groupPages: number;
  readonly #snapshotPages: number;
  readonly #queueMax: number;
  readonly #now: () => bigint;
  readonly #onSyncFailure: (error: unknown) => void;
  readonly #queue: Waiting[] = [];
  readonly #listeners: ((page: number) => void)[] = [];
  /** The group that is filled, and the one that is written. */
  #filling: Group;
  #writing: Group;
  #isWriting = false;
  #isPumping = false;
  #isClosed = false;
  #full: Error | undefined;
  #time = 0n;
  #timer: NodeJS.Timeout | undefined;
  #snapshotAt: number;
  #snapshot: Promise<void> | undefined;
  readonly #expired = new Uint8Array(BATCH_EVENTS_MAX * RECORD_BYTES);
  readonly #expiredResults = new Uint32Array(BATCH_EVENTS_MAX);
  readonly replayed: number;

  private constructor(folder: string, options: WriterOptions, lock: FolderLock) {
    this.#folder = folder;
    this.#groupPages = Math.max(options.groupPages ?? GROUP_PAGES, PAGE_RESERVE);
    this.#snapshotPages = options.snapshotPages ?? SNAPSHOT_PAGES;
    this.#queueMax = options.queueMax ?? QUEUE_MAX;
    this.#now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#onSyncFailure = options.onSyncFailure ?? endProcess;
    this.#lock = lock;
    this.#segments = new Segments(folder, options.segmentPages ?? SEGMENT_PAGES);
    mkdirSync(join(folder, 'runs'), { recursive: true, mode: 0o700 });
    this.#runs = new RunFiles(join(folder, 'runs'));
    this.#filling = emptyGroup(this.#groupPages + PAGE_RESERVE);
    this.#writing = emptyGroup(this.#groupPages + PAGE_RESERVE);
    const ledger = ledgerIdIn(folder);
    const { state, position, replayed } = recover(folder, this.#segments, ledger, {
      pages: { read: (page) => this.#readPage(page) },
      runs: this.#runs,
      ...booksOptionsOf(options),
    });
    this.#state = state;
    this.replayed = replayed;
    this.#pages = new PageWriter(ledger, position);
    this.#filling.firstPage = position.page;
    this.#time = state.lastTimestamp;
    this.#snapshotAt = position.page;
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
    return new Promise((resolve) => {
      this.#filling.answers.push(resolve);
      this.#flush();
    });
  }

  /** Ends when all that was brought is answered. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 || this.#isWriting || this.#filling.answers.length > 0) {
      // What was brought in this turn of the loop is applied in the next.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.settled();
    }
    await this.#snapshot;
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
      const count = events.byteLength / RECORD_BYTES;
      if (!Number.isInteger(count) || count > BATCH_EVENTS_MAX || events.byteOffset % 4 !== 0)
        throw new LedgerRefusal(
          'LIMIT_EXCEEDED',
          `a batch is at most ${BATCH_EVENTS_MAX} records of ${RECORD_BYTES} bytes, aligned to 4`,
        );
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
    while (this.#queue.length > 0) {
      const [next] = this.#queue;
      if (next === undefined) break;
      // A group that is full waits for the one before it; so do those who bring more.
      if (!this.#hasRoomFor(next.count)) break;
      if (this.#full !== undefined) {
        this.#queue.shift();
        next.refuse(new LedgerRefusal('STORAGE_FULL', `the disk is full: ${this.#full.message}`));
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
    this.#prepare();
    return this.#full !== undefined;
  }

  /** Makes the next segment; a full disk is told to those who wait, until there is room again. */
  #prepare(): void {
    const isReady = (): void => {
      this.#full = undefined;
      this.#schedule();
    };
    const isFull = (error: unknown): void => {
      this.#full = error instanceof Error ? error : new Error(String(error));
      this.#schedule();
      setTimeout(() => (this.#full = undefined), FULL_MS).unref();
    };
    this.#segments.prepare().then(isReady, isFull);
  }

  #apply({ operation, events, count, cause, done, refuse }: Waiting): void {
    const results = new Uint32Array(count);
    const timestamp = this.#tick(count);
    const { page } = this.#pages.position;
    const ordinal = this.#state.eventsCount;
    try {
      if (operation === LogOperation.ACCOUNTS)
        this.#state.createAccounts(events, count, timestamp, results);
      else this.#state.createTransfers(events, count, timestamp, results, page);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refuse(new LedgerRefusal('LIMIT_EXCEEDED', error.message));
      return;
    }
    if (count > 0) this.#log({ operation, events, count, timestamp, results, ordinal, cause });
    this.#filling.answers.push(() => {
      done({ results, timestamp, ordinal, page });
    });
  }

  /** Ends what is over before anybody moves more. */
  #expire(): void {
    if (this.#state.expiryDueAt() > this.#now()) return;
    const { firstPage, pages } = this.#filling;
    if (pages + PAGE_RESERVE > this.#groupPages) return;
    if (firstPage + pages + PAGE_RESERVE > this.#segments.end) {
      if (this.#full === undefined) this.#prepare();
      return;
    }
    const timestamp = this.#tick(BATCH_EVENTS_MAX);
    const ordinal = this.#state.eventsCount;
    const { page } = this.#pages.position;
    const count = this.#state.expirePending(this.#expired, timestamp, page);
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

  /** The time of a batch: the clock's, and always later than the one before, whatever the clock does. */
  #tick(events: number): bigint {
    const now = this.#now();
    const next = this.#time + BigInt(events) + 1n;
    this.#time = now > next && now < TIMESTAMP_MAX ? now : next;
    return this.#time;
  }

  #flush(): void {
    const group = this.#filling;
    if (this.#isWriting || (group.pages === 0 && group.answers.length === 0)) return;
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
    written.then(isWritten, this.#onSyncFailure);
  }

  #isSafe(group: Group): void {
    this.#isWriting = false;
    const { answers } = group;
    group.answers = [];
    group.pages = 0;
    for (const answer of answers) answer();
    for (const hear of this.#listeners) hear(this.#filling.firstPage);
    this.#pump();
    this.#takeSnapshot();
    this.#wakeForExpiry();
  }

  /** A page of the log, also one that is still on its way to the disk. */
  #readPage(page: number): Uint8Array {
    const waiting = pageIn(this.#filling, page) ?? pageIn(this.#writing, page);
    if (waiting !== undefined) return waiting;
    const kept = this.#segments.read(page);
    if (kept === undefined) throw new Error(`the log has no page ${page}`);
    return kept;
  }

  /** Between two groups, when enough has been written since the last one. */
  #takeSnapshot(): void {
    if (this.#snapshot !== undefined || this.#isClosed) return;
    const { page, batch, previous } = this.#pages.position;
    if (page - this.#snapshotAt < this.#snapshotPages) return;
    this.#snapshotAt = page;
    const position = { page, batch, safe: page, previous: previous.slice() };
    const books = this.#state.snapshot();
    this.#snapshot = this.#keepSnapshot(position, books)
      .catch(this.#onSyncFailure)
      .finally(() => {
        this.#snapshot = undefined;
      });
  }

  async #keepSnapshot(
    position: Parameters<typeof writeSnapshot>[1]['position'],
    books: Uint8Array,
  ): Promise<void> {
    // What the snapshot stands on must be safe before it is.
    await this.settled();
    await this.#runs.sync();
    try {
      await writeSnapshot(this.#folder, { position, books });
      await writeMark(this.#folder, position.page);
      // Also the older snapshot that is kept is past of what is packed.
      await this.#segments.archiveBefore(snapshotPages(this.#folder).at(-1) ?? 0);
    } catch (error) {
      // Both only save time and room: they are tried again after as many pages once more.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  #wakeForExpiry(): void {
    if (this.#isClosed) return;
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
