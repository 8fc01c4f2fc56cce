import { Worker } from 'node:worker_threads';
import type { TellProgress } from '@anarq/quantum-engine';
import { Refused, WorkerLost, type Answers, type WorkNews, type WorkOrder } from './orders.ts';

const ENTRY = new URL('./computeMain.ts', import.meta.url);
const MIB = 2 ** 20;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: TellProgress | undefined;
  readonly onBegin: (() => void) | undefined;
}

/**
 * A thread that computes, one order at a time: whoever gave it stays free to stop it. It starts
 * with the first order, and again after it was lost.
 */
export class ComputeThread {
  readonly #heap_bytes: number;
  #worker: Worker | undefined;
  #waiting: Waiting | undefined;
  #orders = 0;

  /** @param heap_bytes of JavaScript; buffers of a state come on top and are counted before */
  constructor(heap_bytes: number) {
    this.#heap_bytes = heap_bytes;
  }

  /**
   * @param onProgress hears how far a run is, ten times a second at most
   * @param onBegin is told when the thread has started and begins
   * @throws Refused for what the circuit or its limits do not allow
   * @throws WorkerLost where the thread ended before its answer
   */
  perform<W extends WorkOrder>(
    order: W,
    onProgress?: TellProgress,
    onBegin?: () => void,
  ): Promise<Answers[W['kind']]> {
    if (this.#waiting !== undefined) throw new Error('a thread computes one order at a time');
    this.#orders += 1;
    const worker = (this.#worker ??= this.#start());
    const { promise, resolve, reject } = Promise.withResolvers<Answers[W['kind']]>();
    this.#waiting = { resolve, reject, onProgress, onBegin };
    worker.ref();
    worker.postMessage({ id: this.#orders, order });
    return promise;
  }

  /** Ends the thread, in the middle of an order too. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#lost(new WorkerLost('the computation was stopped'));
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(ENTRY, {
      name: 'quantum',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(this.#heap_bytes / MIB), stackSizeMb: 8 },
    });
    worker.on('message', (news: WorkNews) => {
      if (worker === this.#worker) this.#hear(news);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (worker !== this.#worker) return;
      this.#lost(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? new Refused({
              code: 'LIMIT',
              message: `The circuit takes more than the ${Math.floor(this.#heap_bytes / MIB)} MiB that a worker has beside the state.`,
            })
          : new WorkerLost(error.message),
      );
    });
    worker.on('exit', (code) => {
      if (worker === this.#worker) this.#lost(new WorkerLost(`the thread ended with code ${code}`));
    });
    worker.unref();
    return worker;
  }

  #hear(news: WorkNews): void {
    const waiting = this.#waiting;
    if (waiting === undefined || news.id !== this.#orders) return;
    if (news.kind === 'begun') return waiting.onBegin?.();
    if (news.kind === 'progress') return waiting.onProgress?.(news.progress);
    this.#waiting = undefined;
    this.#worker?.unref();
    if (news.kind === 'refused') waiting.reject(new Refused(news.refusal));
    else if (news.kind === 'failed') waiting.reject(new WorkerLost(news.message));
    // The thread answers an order of a kind with the answer of that kind.
    else waiting.resolve(news.answer as never);
  }

  #lost(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker = undefined;
    waiting?.reject(error);
  }
}
