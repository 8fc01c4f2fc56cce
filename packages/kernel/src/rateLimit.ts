/** How many of the oldest keys are looked at to make room for a new one. */
const SWEPT = 16;

/**
 * The generic cell rate algorithm (ITU-T I.371): one number a key. A key may send `burst` calls at
 * once and then one every `interval_ms`. Each call costs the same, however many keys there are.
 */
export class RateLimit {
  readonly #due = new Map<string, number>();
  readonly #keys_max: number;

  constructor(options: { readonly keys_max: number }) {
    this.#keys_max = options.keys_max;
  }

  /** @returns 0 when the call may pass, else the milliseconds to wait */
  take(key: string, now_ms: number, interval_ms: number, burst: number): number {
    const tolerance_ms = interval_ms * Math.max(0, burst - 1);
    // A clock that was set back leaves no debt beyond what this key could owe now.
    const owed = Math.min(
      this.#due.get(key) ?? now_ms,
      now_ms + tolerance_ms + Math.max(interval_ms, PENALTY_MAX_MS),
    );
    const due = Math.max(owed, now_ms);
    if (due - now_ms > tolerance_ms) return Math.ceil(due - now_ms - tolerance_ms);
    this.#put(key, due + interval_ms, now_ms);
    return 0;
  }

  /** How long a key has to wait; counts nothing. */
  wait(key: string, now_ms: number, interval_ms: number, burst: number): number {
    const due = this.#due.get(key);
    if (due === undefined) return 0;
    return Math.max(0, Math.ceil(due - now_ms - interval_ms * Math.max(0, burst - 1)));
  }

  /** How much of its burst a key has used, from 0 to 1. */
  used(key: string, now_ms: number, interval_ms: number, burst: number): number {
    const owed_ms = Math.max(0, (this.#due.get(key) ?? now_ms) - now_ms);
    return Math.min(1, owed_ms / (interval_ms * burst));
  }

  /** Makes a key wait so long from now on, at most a minute. */
  postpone(key: string, now_ms: number, interval_ms: number, burst: number, wait_ms: number): void {
    const wait = Math.min(wait_ms, PENALTY_MAX_MS);
    this.#put(key, now_ms + interval_ms * Math.max(0, burst - 1) + wait, now_ms);
  }

  #put(key: string, due_ms: number, now_ms: number): void {
    if (this.#due.size >= this.#keys_max && !this.#due.has(key)) this.#sweep(now_ms);
    this.#due.set(key, due_ms);
  }

  /** Forgets some of the oldest keys that owe nothing; when they all owe, the oldest. */
  #sweep(now_ms: number): void {
    let seen = 0;
    for (const [key, due] of this.#due) {
      if (due <= now_ms) this.#due.delete(key);
      if (++seen >= SWEPT) break;
    }
    if (this.#due.size < this.#keys_max) return;
    const oldest = this.#due.keys().next();
    if (oldest.done !== true) this.#due.delete(oldest.value);
  }
}

/** The longest that anybody is made to wait for having gone on in spite of a refusal. */
export const PENALTY_MAX_MS = 60_000;
