import { TIMESTAMP_MAX } from '@anarq/ledger-engine';

const NS_PER_MS = 1_000_000n;
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** What could not be ended when its time was over, as on a full disk, is tried again so much later. */
const RETRY_MS = 100;

/** Wakes a ledger when the next pending transfer is over; it keeps no process alive. */
export class ExpiryTimer {
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** The end for which it woke last. */
  #wokenFor: bigint | undefined;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  /** @param due, now nanoseconds; TIMESTAMP_MAX: nothing is due */
  set(due: bigint, now: bigint): void {
    this.stop();
    if (due === TIMESTAMP_MAX) return;
    const isStuck = due <= now && due === this.#wokenFor;
    const wait_ms = isStuck ? RETRY_MS : Number((due - now) / NS_PER_MS) + 1;
    this.#timer = setTimeout(
      () => {
        this.#wokenFor = due;
        this.#wake();
      },
      Math.min(Math.max(1, wait_ms), TIMEOUT_MS_MAX),
    );
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
