import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RawAnswer, RawRequest } from './rawWorker.ts';

interface Waiting {
  readonly resolve: (changes: number) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's end of the raw store: numbered statements, one message a tick. */
export class RawStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #outbox: RawRequest[] = [];
  #last = 0;

  constructor(file: string) {
    this.#worker = new Worker(new URL('./rawWorker.ts', import.meta.url), { workerData: file });
    this.#worker.on('message', (answers: RawAnswer[]) => {
      for (const answer of answers) {
        const waiting = this.#waiting.get(answer.id);
        this.#waiting.delete(answer.id);
        if ('problem' in answer) waiting?.reject(new Error(answer.problem));
        else waiting?.resolve(Number(answer.changes));
      }
    });
  }

  /** @returns how many rows it changed, once that is on the disk */
  run(sql: string, params: RawRequest['params']): Promise<number> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      this.#outbox.push({ id, sql, params });
      if (this.#outbox.length === 1)
        queueMicrotask(() => {
          this.#worker.postMessage(this.#outbox);
          this.#outbox = [];
        });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async opened(): Promise<void> {
    await once(this.#worker, 'online');
  }
}
