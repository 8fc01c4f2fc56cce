import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ForkAnswer, ForkOrder } from './forkedPast.ts';
import type { ForkTold } from './forkThread.ts';
import { LedgerRefusal } from './refusal.ts';

/**
 * Forks books on a thread of its own, one at a time: each takes the memory of the books a few times over,
 * and the writer waits for none.
 */
export class Forks {
  readonly #timeout_ms: number;
  #running: Worker | undefined;
  #isClosed = false;

  /** @param timeout_ms after which a fork is given up */
  constructor(timeout_ms: number) {
    this.#timeout_ms = timeout_ms;
  }

  /** @throws LedgerRefusal where another one is under way, it takes too long, or its place is too far away */
  async run(order: ForkOrder): Promise<ForkAnswer> {
    if (this.#running !== undefined || this.#isClosed)
      throw new LedgerRefusal('SERVICE_UNAVAILABLE', 'the books are being forked for another call');
    const thread = new Worker(new URL('./forkThread.ts', import.meta.url), { workerData: order });
    this.#running = thread;
    const timer = setTimeout(() => void thread.terminate(), this.#timeout_ms);
    try {
      const told = await this.#answerOf(thread);
      if (told.kind === 'refused') throw new LedgerRefusal(told.code, told.message);
      return told.answer;
    } finally {
      clearTimeout(timer);
      await thread.terminate();
      this.#running = undefined;
    }
  }

  async #answerOf(thread: Worker): Promise<ForkTold> {
    const ended = once(thread, 'exit').then(() => undefined);
    // What the thread throws rejects both.
    ended.catch(() => undefined);
    const answer = once(thread, 'message').then(([told]) => told as ForkTold);
    answer.catch(() => undefined);
    const told = await Promise.race([answer, ended]);
    if (told !== undefined) return told;
    if (this.#isClosed) throw new LedgerRefusal('SERVICE_UNAVAILABLE', 'the node is closing');
    throw new LedgerRefusal(
      'LIMIT_EXCEEDED',
      `to fork the books there takes more than ${this.#timeout_ms} ms: fork them later`,
    );
  }

  /** Gives up what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running?.terminate();
  }
}
