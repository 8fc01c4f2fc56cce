/**
 * So many units a second, and twice as many at once after a rest. What was taken beyond them is a
 * debt that time pays back: the caller reads nothing until then.
 */
export class TokenBucket {
  #tokens: number;
  #at_ms: number;
  #perSecond: number;

  constructor(perSecond: number, now_ms: number) {
    this.#perSecond = perSecond;
    this.#tokens = 2 * perSecond;
    this.#at_ms = now_ms;
  }

  /** Takes units; the milliseconds until the debt is paid, 0 where there is none. */
  take(units: number, now_ms: number): number {
    this.#fill(now_ms);
    this.#tokens -= units;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000);
  }

  /** Takes units if they are there. */
  tryTake(units: number, now_ms: number): boolean {
    this.#fill(now_ms);
    if (this.#tokens < units) return false;
    this.#tokens -= units;
    return true;
  }

  setRate(perSecond: number, now_ms: number): void {
    this.#fill(now_ms);
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, 2 * perSecond);
  }

  #fill(now_ms: number): void {
    // A clock that is set back gives nothing, and takes nothing.
    const passed_ms = Math.max(0, now_ms - this.#at_ms);
    this.#at_ms = now_ms;
    this.#tokens = Math.min(
      2 * this.#perSecond,
      this.#tokens + (passed_ms * this.#perSecond) / 1_000,
    );
  }
}
