import { RECORD_BYTES, TIMESTAMP_MAX } from '../../layout.ts';
import { LogOperation, PAGE_BYTES } from '../../log/pageLayout.ts';
import { pagesOf, PageWriter } from '../../log/pages.ts';
import type { LedgerState } from '../../state.ts';
import { withRightChecksum } from './bugs.ts';
import { DiskFull } from './disk.ts';
import { emptyGroup, pageIn, type Group } from './group.ts';
import { writeMark } from './mark.ts';
import { openBooks } from './openBooks.ts';
import { RunFiles } from './runFiles.ts';
import { SimulatedSegments, type Work } from './segments.ts';
import { writeSnapshot } from './snapshots.ts';
import { BATCH_MAX } from './workload.ts';
import {
  LEDGER,
  PAGE_RESERVE,
  type Applied,
  type SimulatedWriterOptions,
  type Waiting,
} from './writing.ts';

/** What a writer does beside applying batches; each goes on step by step. */
export type Task = 'group' | 'snapshot' | 'segment';

/**
 * The writer of a ledger on a simulated disk: the order of its steps is that of the real one, and each
 * is taken when somebody says so. It applies batches, lays them into groups of pages, writes and syncs
 * one group while the next is filled, and answers when a group is safe.
 */
export class SimulatedWriter {
  readonly state: LedgerState;
  /** Whether the recovery began with a snapshot. */
  readonly isFromSnapshot: boolean;
  readonly #options: SimulatedWriterOptions;
  readonly #segments: SimulatedSegments;
  readonly #runs: RunFiles;
  readonly #pages: PageWriter;
  readonly #queue: Waiting[] = [];
  readonly #tasks = new Map<Task, Work>();
  #filling: Group;
  #writing: Group;
  #isFull = false;
  #time: bigint;
  #snapshotAt: number;

  private constructor(options: SimulatedWriterOptions) {
    const { disk, segmentPages, groupBuffers, bug } = options;
    this.#options = options;
    for (const name of disk.names) if (name.endsWith('.half')) disk.remove(name);
    this.#segments = new SimulatedSegments(disk, segmentPages, bug);
    this.#runs = new RunFiles(disk);
    this.#filling = emptyGroup(groupBuffers[0]);
    this.#writing = emptyGroup(groupBuffers[1]);
    const opened = openBooks(options, this.#segments, {
      pages: { read: (page) => this.#readPage(page) },
      runs: this.#runs,
    });
    this.state = opened.state;
    this.isFromSnapshot = opened.isFromSnapshot;
    this.#pages = new PageWriter(LEDGER, opened.position);
    this.#filling.firstPage = opened.position.page;
    this.#time = this.state.lastTimestamp;
    this.#snapshotAt = opened.position.page;
  }

  /**
   * Opens the ledger on a disk, or begins one.
   * @throws LogDamaged
   * @throws DiskFull
   */
  static *open(options: SimulatedWriterOptions): Work<SimulatedWriter> {
    const writer = new SimulatedWriter(options);
    yield;
    const { page, safe } = writer.#pages.position;
    yield* writer.#segments.makeSafe(safe, page);
    yield* writer.#segments.clearFrom(page);
    while (writer.#segments.end < page + options.groupPages) yield* writer.#segments.prepare();
    return writer;
  }

  /** Batches in the log, those included that are not safe yet. */
  get batches(): number {
    return this.#pages.position.batch;
  }

  /** Pages that are safe on the disk, from the first on. */
  get safePages(): number {
    return this.#tasks.has('group') ? this.#writing.firstPage : this.#filling.firstPage;
  }

  get segments(): SimulatedSegments {
    return this.#segments;
  }

  /** What is under way. */
  get tasks(): readonly Task[] {
    return [...this.#tasks.keys()];
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return (
      this.#queue.length === 0 &&
      this.#tasks.size === 0 &&
      this.#filling.pages === 0 &&
      this.#filling.answers.length === 0
    );
  }

  bring(batch: Waiting): void {
    this.#queue.push(batch);
  }

  /**
   * Takes the next step of a task.
   * @throws SyncFailed and the writer must not be used any more
   */
  advance(task: Task): void {
    if (this.#tasks.get(task)?.next().done === true) {
      this.#tasks.delete(task);
      if (task === 'group') this.#isSafe();
    }
  }

  /** Applies what came in, as much as there is room for, and begins to write it. */
  pump(): void {
    for (;;) {
      const [next] = this.#queue;
      // A group that is full waits for the one before it; so do those who bring more.
      if (next === undefined || !this.#hasRoomFor(next.count)) break;
      if (this.#isFull) {
        this.#queue.shift();
        next.refused();
        continue;
      }
      this.#expire();
      if (!this.#hasRoomFor(next.count)) break;
      this.#queue.shift();
      this.#apply(next);
    }
    this.#flush();
  }

  /** What the clock wakes the writer for: ends what is over, and tries a full disk again. */
  wake(): void {
    this.#isFull = false;
    this.#expire();
    this.#flush();
  }

  /** Tells when everything that was applied is safe: what a question saw may be told then. */
  settle(told: () => void): void {
    this.#filling.answers.push(told);
    this.#flush();
  }

  #hasRoomFor(count: number): boolean {
    const { firstPage, pages } = this.#filling;
    if (pages + pagesOf(count) > this.#options.groupPages) return false;
    if (firstPage + pages + pagesOf(count) + PAGE_RESERVE <= this.#segments.end) return true;
    this.#prepare();
    return this.#isFull;
  }

  /** Makes the next segment, unless the disk is known to be full. */
  #prepare(): void {
    if (!this.#isFull && !this.#tasks.has('segment')) this.#tasks.set('segment', this.#segment());
  }

  *#segment(): Work {
    try {
      yield* this.#segments.prepare();
    } catch (error) {
      if (!(error instanceof DiskFull)) throw error;
      this.#isFull = true;
    }
  }

  #apply(waiting: Waiting): void {
    const { order, events, count, done } = waiting;
    const operation = order.kind === 'accounts' ? LogOperation.ACCOUNTS : LogOperation.TRANSFERS;
    const results = new Uint32Array(count);
    const timestamp = this.#tick(count);
    const { page } = this.#pages.position;
    const ordinal = this.state.eventsCount;
    if (operation === LogOperation.ACCOUNTS)
      this.state.createAccounts(events, count, timestamp, results);
    else this.state.createTransfers(events, count, timestamp, results, page);
    this.#log({ operation, events, count, timestamp, results, ordinal, waiting });
    if (this.#options.bug === 'answersBeforeSync') done(results);
    else this.#filling.answers.push(() => done(results));
  }

  /** Ends what is over before anybody moves more. */
  #expire(): void {
    if (this.state.expiryDueAt() > this.#options.now()) return;
    const { firstPage, pages } = this.#filling;
    if (pages + PAGE_RESERVE > this.#options.groupPages) return;
    if (firstPage + pages + PAGE_RESERVE > this.#segments.end) {
      this.#prepare();
      return;
    }
    const events = new Uint8Array(BATCH_MAX * RECORD_BYTES);
    const timestamp = this.#tick(BATCH_MAX);
    const ordinal = this.state.eventsCount;
    const count = this.state.expirePending(events, timestamp, this.#pages.position.page);
    if (count === 0) return;
    const results = new Uint32Array(count);
    const operation = LogOperation.EXPIRIES;
    this.#log({ operation, events, count, timestamp, results, ordinal, waiting: undefined });
  }

  #log(batch: Applied): void {
    const group = this.#filling;
    const { position } = this.#pages;
    position.safe = this.safePages;
    this.#pages.write(batch, group.buffer, group.pages * PAGE_BYTES);
    group.pages += pagesOf(batch.count);
    this.#options.applied(batch, this.state);
  }

  /** The time of a batch: the clock's, and always later than the one before, whatever the clock does. */
  #tick(events: number): bigint {
    const now = this.#options.now();
    const next = this.#time + BigInt(events) + 1n;
    this.#time = now > next && now < TIMESTAMP_MAX ? now : next;
    return this.#time;
  }

  #flush(): void {
    const group = this.#filling;
    if (this.#tasks.has('group') || (group.pages === 0 && group.answers.length === 0)) return;
    this.#filling = this.#writing;
    this.#writing = group;
    this.#filling.firstPage = group.firstPage + group.pages;
    this.#filling.pages = 0;
    this.#filling.answers = [];
    const bytes = group.buffer.subarray(0, group.pages * PAGE_BYTES);
    this.#tasks.set('group', this.#segments.write(group.firstPage, bytes));
  }

  #isSafe(): void {
    const group = this.#writing;
    const { answers } = group;
    group.answers = [];
    group.pages = 0;
    for (const answer of answers) answer();
    this.pump();
    this.#takeSnapshot();
  }

  /** A page of the log, also one that is still on its way to the disk. */
  #readPage(page: number): Uint8Array {
    const waiting = pageIn(this.#filling, page) ?? pageIn(this.#writing, page);
    if (waiting !== undefined) return waiting;
    const kept = this.#segments.read(page);
    if (kept === undefined) throw new Error(`the log has no page ${page}`);
    return this.#options.bug === 'ignoresChecksums' ? withRightChecksum(kept) : kept;
  }

  /** Between two groups, when enough has been written since the last one. */
  #takeSnapshot(): void {
    const { page, batch, previous } = this.#pages.position;
    if (this.#tasks.has('snapshot') || page - this.#snapshotAt < this.#options.snapshotPages)
      return;
    this.#snapshotAt = page;
    const position = { page, batch, safe: page, previous: previous.slice() };
    const books = this.state.snapshot();
    this.#tasks.set('snapshot', this.#keepSnapshot(position, books));
  }

  *#keepSnapshot(position: PageWriter['position'], books: Uint8Array): Work {
    // What the snapshot stands on must be safe before it is.
    if (this.#options.bug !== 'hurriesSnapshot') {
      const log = { isSafe: false };
      this.settle(() => (log.isSafe = true));
      while (!log.isSafe) yield;
    }
    yield* this.#runs.sync();
    try {
      yield* writeSnapshot(this.#options.disk, { position, books });
      yield* writeMark(this.#options.disk, position.page);
      this.#options.snapshotKept();
    } catch (error) {
      // It is tried again when as much has been written once more.
      if (!(error instanceof DiskFull)) throw error;
    }
  }
}
