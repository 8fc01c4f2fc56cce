const FIRST_BACKOFF_MS = 100;
/** A connection that lived so long was a good one: the next wait begins small again. */
const GOOD_AFTER_MS = 3_000;

export interface RedialTask {
  /** Connects, or rejects. */
  readonly attempt: () => Promise<void>;
  readonly isWanted: () => boolean;
  readonly backoff_ms_max: () => number;
  readonly random: () => number;
}

/** Dials one peer for as long as it is wanted and not connected, each time after a longer wait. */
export class Redial {
  readonly #task: RedialTask;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDialling = false;
  #isStopped = false;

  constructor(task: RedialTask) {
    this.#task = task;
  }

  /** The wait before the next attempt. */
  get backoff_ms(): number {
    if (this.#failures === 0) return 0;
    const full_ms = FIRST_BACKOFF_MS * 2 ** Math.min(this.#failures - 1, 20);
    // Spread over a quarter less, so that the longest wait is never exceeded.
    return Math.min(full_ms, this.#task.backoff_ms_max()) * (1 - this.#task.random() / 4);
  }

  /** Something changed: dials, if it is to be dialled and nothing is under way. */
  wake(): void {
    if (this.#isStopped || this.#isDialling || this.#timer !== undefined) return;
    if (!this.#task.isWanted()) return;
    this.#timer = setTimeout(() => void this.#dial(), this.backoff_ms);
  }

  /** A connection ended after so long. */
  parted(lived_ms: number): void {
    if (lived_ms >= GOOD_AFTER_MS) this.#failures = 0;
    else this.#failures++;
    this.wake();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #dial(): Promise<void> {
    this.#timer = undefined;
    if (this.#isStopped || !this.#task.isWanted()) return;
    this.#isDialling = true;
    try {
      await this.#task.attempt();
    } catch {
      this.#failures++;
    }
    this.#isDialling = false;
    this.wake();
  }
}
