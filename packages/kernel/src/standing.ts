import { PENALTY_MAX_MS } from './rateLimit.ts';

/** A call within this time after a refusal may have been under way already: it is no violation. */
const GRACE_MS = 500;
/** A violation is forgotten after so long without another. */
const RECOVERY_MS = 30_000;
const STRIKES_MAX = 10;
/** So many denials, without a time of recovery between them, are a violation. */
const DENIALS_A_STRIKE = 50;
/** Calls without a violation that raise the limits of a caller, and to what. */
const GOOD: readonly (readonly [calls: number, factor: number])[] = [
  [10_000, 2],
  [2_000, 1.5],
];
const SWEPT = 16;

interface State {
  good: number;
  strikes: number;
  struck_ms: number;
  denials: number;
  told_ms: number;
  until_ms: number;
  waited_ms: number;
}

/**
 * How somebody behaved lately. Good standing raises what a caller may do; going on in spite of a
 * refusal, or trying one thing after another that is denied, lowers it, and each time doubles the
 * wait. Standing is earned and lost only by calls that proved who makes them, and it recovers.
 */
export class Standings {
  readonly #known = new Map<string, State>();
  readonly #keys_max: number;

  constructor(options: { readonly keys_max: number }) {
    this.#keys_max = options.keys_max;
  }

  /** By what the limits of a caller are multiplied: 0.25 to 2. */
  factor(who: string, now_ms: number): number {
    const state = this.#known.get(who);
    if (state === undefined) return 1;
    recover(state, now_ms);
    if (state.strikes > 0) return Math.max(0.25, 0.5 ** state.strikes);
    for (const [calls, factor] of GOOD) if (state.good >= calls) return factor;
    return 1;
  }

  /** A call that passed. */
  passed(who: string, now_ms: number): void {
    this.#of(who, now_ms).good += 1;
  }

  /**
   * A call that was refused for its rate.
   * @returns how long the caller has to wait: longer, each time it did not
   */
  refused(who: string, now_ms: number, wait_ms: number): number {
    const state = this.#of(who, now_ms);
    recover(state, now_ms);
    const waits = now_ms < state.until_ms;
    if (waits && now_ms - state.told_ms < GRACE_MS)
      return Math.max(wait_ms, state.until_ms - now_ms);
    if (waits) strike(state, now_ms);
    state.told_ms = now_ms;
    const longer_ms = Math.min(
      PENALTY_MAX_MS,
      waits ? 2 * Math.max(wait_ms, state.waited_ms) : wait_ms,
    );
    state.waited_ms = longer_ms;
    state.until_ms = now_ms + longer_ms;
    return longer_ms;
  }

  /** A call that was denied. */
  denied(who: string, now_ms: number): void {
    const state = this.#of(who, now_ms);
    recover(state, now_ms);
    state.denials += 1;
    if (state.denials === 1 && state.strikes === 0) state.struck_ms = now_ms;
    if (state.denials % DENIALS_A_STRIKE === 0) strike(state, now_ms);
  }

  #of(who: string, now_ms: number): State {
    const known = this.#known.get(who);
    if (known !== undefined) return known;
    if (this.#known.size >= this.#keys_max) this.#sweep(now_ms);
    const made = {
      good: 0,
      strikes: 0,
      struck_ms: now_ms,
      denials: 0,
      told_ms: 0,
      until_ms: 0,
      waited_ms: 0,
    };
    this.#known.set(who, made);
    return made;
  }

  /** Forgets the oldest that did nothing wrong, else the oldest. */
  #sweep(now_ms: number): void {
    let oldest: string | undefined;
    let seen = 0;
    for (const [who, state] of this.#known) {
      oldest ??= who;
      recover(state, now_ms);
      if (state.strikes === 0 || ++seen >= SWEPT) {
        this.#known.delete(state.strikes === 0 ? who : oldest);
        return;
      }
    }
  }
}

function strike(state: State, now_ms: number): void {
  state.strikes = Math.min(STRIKES_MAX, state.strikes + 1);
  state.struck_ms = now_ms;
  state.good = 0;
}

/** One violation is forgotten with each time of recovery. */
function recover(state: State, now_ms: number): void {
  if (state.strikes === 0 && state.denials === 0) return;
  const times = Math.floor((now_ms - state.struck_ms) / RECOVERY_MS);
  if (times <= 0) return;
  state.strikes = Math.max(0, state.strikes - times);
  state.denials = 0;
  state.struck_ms += times * RECOVERY_MS;
}
