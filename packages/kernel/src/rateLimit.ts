/**
 * The generic cell rate algorithm (ITU-T I.371): one number a key. A key may send `burst` calls at
 * once and then one every `interval_ms`.
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
    const owed = Math.min(this.#due.get(key) ?? now_ms, now_ms + tolerance_ms + interval_ms);
    const due = Math.max(owed, now_ms);
    if (due - now_ms > tolerance_ms) return Math.ceil(due - now_ms - tolerance_ms);
    if (this.#due.size >= this.#keys_max && !this.#due.has(key)) this.#sweep(now_ms);
    this.#due.set(key, due + interval_ms);
    return 0;
  }

  /** Forgets keys that owe nothing; when all owe, the oldest goes. */
  #sweep(now_ms: number): void {
    for (const [key, due] of this.#due) if (due <= now_ms) this.#due.delete(key);
    const oldest = this.#due.keys().next();
    if (this.#due.size >= this.#keys_max && oldest.done !== true) this.#due.delete(oldest.value);
  }
}
