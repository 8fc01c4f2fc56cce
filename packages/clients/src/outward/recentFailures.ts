import type { IBreaker } from 'cockatiel';

/** Opens a circuit after so many failures within a time, however many calls succeed between them. */
export class RecentFailures implements IBreaker {
  readonly #failures_max: number;
  readonly #within_ms: number;
  #failed_ms: number[] = [];

  constructor(failures_max: number, within_ms: number) {
    this.#failures_max = failures_max;
    this.#within_ms = within_ms;
  }

  get state(): readonly number[] {
    return this.#failed_ms;
  }

  set state(failed_ms: readonly number[]) {
    this.#failed_ms = [...failed_ms];
  }

  success(): void {
    // What failed stays counted until it is long ago.
  }

  failure(): boolean {
    const now_ms = Date.now();
    this.#failed_ms = this.#failed_ms.filter((at_ms) => at_ms > now_ms - this.#within_ms);
    this.#failed_ms.push(now_ms);
    if (this.#failed_ms.length < this.#failures_max) return false;
    this.#failed_ms = [];
    return true;
  }
}
