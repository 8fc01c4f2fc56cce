import { QError } from '@anarq/common-schemas';

interface Waiter {
  readonly commit: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Who waits for a certificate that covers a commit. */
export class Finality {
  readonly #wait_ms_max: number;
  readonly #waiters = new Set<Waiter>();
  #covered = 0;
  #refusal: Error | undefined;

  constructor(wait_ms_max: number) {
    this.#wait_ms_max = wait_ms_max;
  }

  /** @throws QError TIMEOUT_ERROR where no certificate came in time: the batch has acted all the same */
  covering(commit: number): Promise<void> {
    if (commit <= this.#covered) return Promise.resolve();
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const told = `No certificate covered commit ${commit} in ${this.#wait_ms_max} ms. The batch has acted.`;
        reject(new QError('TIMEOUT_ERROR', told));
      }, this.#wait_ms_max);
      timer.unref();
      const waiter: Waiter = { commit, resolve, reject, timer };
      this.#waiters.add(waiter);
    });
  }

  /** A certificate covers everything up to a commit. */
  reach(commit: number): void {
    this.#covered = Math.max(this.#covered, commit);
    for (const waiter of this.#waiters) {
      if (waiter.commit > this.#covered) continue;
      this.#waiters.delete(waiter);
      clearTimeout(waiter.timer);
      waiter.resolve();
    }
  }

  close(error: Error): void {
    this.#refusal = error;
    for (const { timer, reject } of this.#waiters) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiters.clear();
  }
}
