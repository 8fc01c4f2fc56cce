import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** The main thread's end of the raw store: numbered inserts, one message a tick. */
export class RawStore {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, () => void>();
  #outbox: { id: number; x: string }[] = [];
  #last = 0;

  constructor(file: string) {
    this.#worker = new Worker(new URL('./rawWorker.ts', import.meta.url), { workerData: file });
    this.#worker.on('message', (answers: { id: number }[]) => {
      for (const { id } of answers) {
        this.#waiting.get(id)?.();
        this.#waiting.delete(id);
      }
    });
  }

  insert(x: string): Promise<void> {
    return new Promise((resolve) => {
      const id = ++this.#last;
      this.#waiting.set(id, resolve);
      this.#outbox.push({ id, x });
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
    await this.insert('first');
  }
}
