/** The main thread's end of one worker: numbered calls, one message a turn of the loop, no answer lost. */

import { setImmediate } from 'node:timers';
import { Worker } from 'node:worker_threads';

import { fromWire, StoreError } from './errors.ts';
import type { Answer, CallKind, Calls, Request, WorkerMessage, WorkerOptions } from './messages.ts';
import { readAnswers, RequestWriter } from './wire.ts';

interface Waiting {
  /** The worker answers a request of a kind with the value of that kind. */
  readonly resolve: (value: never) => void;
  readonly reject: (error: StoreError) => void;
}

/** A running worker that answers calls. */
export class Thread {
  /** Transactions that the worker committed, and the batches of the largest. */
  transactions = 0;
  largest = 0;
  /** Resolves when the worker is gone. */
  readonly exited: Promise<void>;

  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #outbox = new RequestWriter();
  #lastId = 0;
  #dead: StoreError | null = null;
  #heard = false;
  #looksInSilence = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('error', (error) =>
      this.#die(lost(`the store's thread failed: ${messageOf(error)}`)),
    );
    worker.on('messageerror', (error) =>
      this.#die(lost(`an answer was lost: ${messageOf(error)}`)),
    );
    this.exited = new Promise((resolve) => {
      worker.on('exit', (code) => {
        this.#die(lost(`the store's thread ended with code ${code}`));
        resolve();
      });
    });
  }

  /**
   * Starts a worker and waits until it has opened its files.
   * @throws StoreError with the reason why it could not.
   */
  static async start(entry: URL, name: string, options: WorkerOptions): Promise<Thread> {
    // No flags of the parent: what a test runner loads into itself does not belong in here.
    const worker = new Worker(entry, { name, workerData: options, execArgv: [] });
    const opened = new Promise<void>((resolve, reject) => {
      worker.once('message', (message: WorkerMessage) => {
        if (message.type === 'refused') reject(fromWire(message.error));
        else resolve();
      });
      worker.once('error', (error) => reject(new StoreError('FAILED', messageOf(error))));
      worker.once('exit', () =>
        reject(new StoreError('FAILED', `the ${name} thread did not start`)),
      );
    });
    const thread = new Thread(worker);
    try {
      await opened;
      return thread;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  /** Calls that wait for their answer. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** True once the worker has ended. */
  get ended(): boolean {
    return this.#dead !== null;
  }

  /** Sends a request. Calls of one turn of the loop travel in one message, in their order. */
  call<K extends CallKind>(kind: K, payload: Calls[K]['takes']): Promise<Calls[K]['answers']> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      // Behind what the loop has at hand: the calls of all that came in with it wake the thread once.
      if (this.#outbox.isEmpty) setImmediate(() => this.#send());
      this.#outbox.write({ id, kind, payload } as Request);
    });
  }

  /** Closes the worker's files, and waits until the thread is gone. */
  async close(): Promise<void> {
    if (this.#dead === null) {
      try {
        await this.call('close', null);
      } finally {
        await this.exited;
      }
    }
  }

  /**
   * To be called at regular times: how many such looks in a row found calls waiting and nothing
   * answered. Counting looks, not time, forgives a main thread that was itself away.
   */
  looksInSilence(): number {
    const silent = this.#waiting.size > 0 && !this.#heard;
    this.#looksInSilence = silent ? this.#looksInSilence + 1 : 0;
    this.#heard = false;
    return this.#looksInSilence;
  }

  /** Rejects what waits and what comes, and ends the worker as soon as it lets itself be ended. */
  abandon(why: StoreError): void {
    this.#die(why);
    void this.#worker.terminate();
  }

  #send(): void {
    const words = this.#outbox.take();
    if (this.#dead === null) this.#worker.postMessage(words);
  }

  #receive(message: WorkerMessage): void {
    if (message.type !== 'answers') return;
    this.#heard = true;
    this.transactions = message.transactions;
    this.largest = message.largest;
    for (const answer of readAnswers(message.words)) this.#settle(answer);
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(fromWire(answer.error));
    else waiting?.resolve(('results' in answer ? answer.results : answer.value) as never);
  }

  #die(why: StoreError): void {
    if (this.#dead !== null) return;
    this.#dead = why;
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}

/** What was sent may or may not have been done: nobody is left to say. */
function lost(why: string): StoreError {
  return new StoreError('FAILED', why, { outcome: 'unknown' });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
