/**
 * A tick that comes later counts for no more: what others said meanwhile has come, but was not heard yet, and whoever
 * has too much to do would take all the others for silent.
 */
const TICK_ms_MAX = 100;

/** What a node knows of time. */
export class Clock {
  /** What the machine's clock says, in milliseconds since 1970. It goes ahead and back, so nothing waits for it. */
  time_ms: number;
  /** Time that passed since the start, as far as it can be told: what is waited for is measured by this. */
  now_ms = 0;

  constructor(time_ms: number) {
    this.time_ms = time_ms;
  }

  tick(time_ms: number): void {
    this.now_ms += Math.min(Math.max(0, time_ms - this.time_ms), TICK_ms_MAX);
    this.time_ms = time_ms;
  }
}
