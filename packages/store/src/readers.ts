/** The reader threads: the least busy one is asked, and one that is stuck or gone is replaced. */

import { StoreError } from './errors.ts';
import type { Calls, WorkerOptions } from './messages.ts';
import { Thread } from './thread.ts';
import type { CheckResult } from './types.ts';

const READER = new URL('./reader.ts', import.meta.url);
const LOOKS_PER_TIMEOUT = 4;
/** Queries that run on although nobody waits for them; beyond, stuck readers are not replaced. */
const ABANDONED_MAX = 8;

/** A fixed number of readers. */
export class Readers {
  readonly #threads: Thread[];
  readonly #options: WorkerOptions;
  readonly #timeout_ms: number;
  readonly #watch: NodeJS.Timeout;
  readonly #replacements = new Map<number, Promise<void>>();
  #checking: Promise<CheckResult> | null = null;
  #depth = 0;
  #abandoned = 0;
  #closed = false;

  private constructor(threads: Thread[], options: WorkerOptions, timeout_ms: number) {
    this.#threads = threads;
    this.#options = options;
    this.#timeout_ms = timeout_ms;
    this.#watch = setInterval(() => this.#look(), Math.ceil(timeout_ms / LOOKS_PER_TIMEOUT));
    this.#watch.unref();
  }

  /**
   * Starts the readers; the data file must be there.
   * @throws StoreError where one of them cannot open it; none is left running.
   */
  static async start(count: number, options: WorkerOptions, timeout_ms: number): Promise<Readers> {
    const started = await Promise.allSettled(
      Array.from({ length: count }, () => Thread.start(READER, 'store-reader', options)),
    );
    const threads = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return new Readers(threads, options, timeout_ms);
    await Promise.allSettled(threads.map((thread) => thread.close()));
    throw failed.reason;
  }

  /** Reads that wait for their answer. */
  get depth(): number {
    return this.#depth;
  }

  /** Asks the least busy reader. */
  async read(query: Calls['read']['takes']): Promise<Calls['read']['answers']> {
    this.#depth += 1;
    try {
      // With one reader there is a moment between the stuck one and its successor.
      if (this.#idlest() === undefined) {
        this.#replaceEnded();
        await Promise.allSettled(this.#replacements.values());
      }
      const thread = this.#idlest();
      if (thread === undefined) throw new StoreError('FAILED', 'no reader could be started');
      return await thread.call('read', query);
    } finally {
      this.#depth -= 1;
    }
  }

  /**
   * Checks the file in a thread of its own: it may take minutes, and reads should not wait.
   * @throws StoreError `BUSY` while another check runs.
   */
  async check(): Promise<CheckResult> {
    if (this.#checking !== null) throw new StoreError('BUSY', 'a check is running already');
    this.#checking = checkAlone(this.#options);
    try {
      return await this.#checking;
    } finally {
      this.#checking = null;
    }
  }

  /** Answers what is waiting, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#checking, ...this.#replacements.values()]);
    const closed = await Promise.allSettled(this.#threads.map((thread) => thread.close()));
    clearInterval(this.#watch);
    const failed = closed.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #idlest(): Thread | undefined {
    let idlest: Thread | undefined;
    for (const thread of this.#threads) {
      if (!thread.ended && thread.depth < (idlest?.depth ?? Infinity)) idlest = thread;
    }
    return idlest;
  }

  #look(): void {
    for (const thread of this.#threads) {
      if (thread.looksInSilence() > LOOKS_PER_TIMEOUT) {
        // SQLite cannot be interrupted from here: the query runs to its end, and nobody waits.
        const max = this.#timeout_ms;
        const message = `a query took over ${max} ms; the reads behind it are refused with it`;
        thread.abandon(new StoreError('FAILED', message, { limit: 'read_timeout_ms', max }));
        this.#abandoned += 1;
        void thread.exited.then(() => (this.#abandoned -= 1));
      }
    }
    this.#replaceEnded();
  }

  #replaceEnded(): void {
    if (this.#closed || this.#abandoned > ABANDONED_MAX) return;
    for (const [at, thread] of this.#threads.entries()) {
      if (!thread.ended || this.#replacements.has(at)) continue;
      const replaced = this.#replace(at).finally(() => this.#replacements.delete(at));
      this.#replacements.set(at, replaced);
    }
  }

  async #replace(at: number): Promise<void> {
    try {
      this.#threads[at] = await Thread.start(READER, 'store-reader', this.#options);
    } catch {
      // The dead thread keeps its place, and the next look tries again.
    }
  }
}

async function checkAlone(options: WorkerOptions): Promise<CheckResult> {
  const thread = await Thread.start(READER, 'store-checker', options);
  try {
    return await thread.call('check', null);
  } finally {
    await thread.close();
  }
}
