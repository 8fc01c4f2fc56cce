import { QError } from '@anarq/common-schemas';
import {
  bulkhead,
  BulkheadRejectedError,
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ExponentialBackoff,
  fullJitterGenerator,
  handleWhen,
  retry,
  type BulkheadPolicy,
  type CircuitBreakerPolicy,
  type RetryPolicy,
} from 'cockatiel';
import { RecentFailures } from './recentFailures.ts';

/** How patient calls to others are, and how much they may cost who makes them. */
export interface OutwardLimits {
  /** Attempts in all. */
  readonly attempts_max: number;
  readonly waitFirst_ms: number;
  readonly wait_max_ms: number;
  /** Failures within the time below after which a target is spared. */
  readonly failures_max: number;
  readonly failuresWithin_ms: number;
  readonly spared_ms: number;
  /** Calls that must succeed before a spared target is trusted again. */
  readonly probes: number;
  /** Calls under way at one target, and those that wait for their turn. */
  readonly concurrent_max: number;
  readonly queue_max: number;
}

const DEFAULTS: OutwardLimits = {
  attempts_max: 3,
  waitFirst_ms: 100,
  wait_max_ms: 30_000,
  failures_max: 5,
  failuresWithin_ms: 60_000,
  spared_ms: 30_000,
  probes: 3,
  concurrent_max: 64,
  queue_max: 256,
};

/** A target as it is seen from here; what is counted, is counted since the first call. */
export interface TargetState {
  readonly target: string;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Calls under way, and calls that wait for their turn; and how many of each there may be. */
  readonly running: number;
  readonly running_max: number;
  readonly waiting: number;
  readonly waiting_max: number;
  /** Attempts beyond the first of a call. */
  readonly retries: number;
  /** How often it was begun to be spared. */
  readonly opened: number;
  /** Calls refused because it is spared, or because too many wait. */
  readonly refused: number;
}

interface Guard {
  readonly bulkhead: BulkheadPolicy;
  readonly retry: RetryPolicy;
  readonly breaker: CircuitBreakerPolicy;
  readonly counts: { retries: number; opened: number; refused: number };
}

/** Only what says of itself that it may pass is worth a repetition. */
const isPassing = (error: unknown): boolean => error instanceof QError && error.retryable;

/**
 * Calls to others, so that their failing is not ours: each target has its share of what may be under
 * way, is asked again with growing pauses, and is spared where it keeps failing.
 */
export class Outward {
  readonly #limits: OutwardLimits;
  readonly #guards = new Map<string, Guard>();

  constructor(limits: Partial<OutwardLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /**
   * @param within_ms patience in all; each attempt is told what is left of it
   * @throws QError what the last attempt threw, or SERVICE_UNAVAILABLE where none was made,
   * TIMEOUT_ERROR where time ran out before one
   */
  async guarded<T>(
    target: string,
    within_ms: number,
    attempt: (remaining_ms: number) => Promise<T>,
  ): Promise<T> {
    const guard = this.#guardOf(target);
    const until_ms = performance.now() + within_ms;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), within_ms);
    try {
      return await guard.bulkhead.execute(
        () =>
          guard.retry.execute(
            () => guard.breaker.execute(() => inTime(attempt, until_ms, target)),
            patience.signal,
          ),
        patience.signal,
      );
    } catch (error) {
      if (error instanceof BrokenCircuitError || error instanceof BulkheadRejectedError)
        guard.counts.refused += 1;
      throw inTableWords(error, target, this.#limits);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A target that was spared answers again: it is called like any other. */
  recovered(target: string): void {
    const guard = this.#guards.get(target);
    if (guard === undefined || guard.breaker.state === CircuitState.Closed) return;
    guard.breaker.isolate().dispose();
  }

  isSpared(target: string): boolean {
    return this.#guards.get(target)?.breaker.state === CircuitState.Open;
  }

  /** Every target that was called, for health and metrics. */
  states(): TargetState[] {
    return [...this.#guards.keys()].map((target) => this.stateOf(target));
  }

  /** One target, also where it was not called yet. */
  stateOf(target: string): TargetState {
    const { concurrent_max: running_max, queue_max: waiting_max } = this.#limits;
    const { breaker, bulkhead: share, counts } = this.#guardOf(target);
    return {
      target,
      breaker: nameOf(breaker.state),
      running: running_max - share.executionSlots,
      running_max,
      waiting: waiting_max - share.queueSlots,
      waiting_max,
      ...counts,
    };
  }

  #guardOf(target: string): Guard {
    const known = this.#guards.get(target);
    if (known !== undefined) return known;
    const limits = this.#limits;
    const passing = handleWhen(isPassing);
    const guard: Guard = {
      bulkhead: bulkhead(limits.concurrent_max, limits.queue_max),
      retry: retry(passing, {
        maxAttempts: limits.attempts_max - 1,
        backoff: new ExponentialBackoff({
          initialDelay: limits.waitFirst_ms,
          maxDelay: limits.wait_max_ms,
          exponent: 2,
          generator: fullJitterGenerator,
        }),
      }),
      breaker: circuitBreaker(passing, {
        halfOpenAfter: limits.spared_ms,
        halfOpenSampling: { calls: limits.probes, threshold: 0 },
        breaker: new RecentFailures(limits.failures_max, limits.failuresWithin_ms),
      }),
      counts: { retries: 0, opened: 0, refused: 0 },
    };
    guard.retry.onRetry(() => (guard.counts.retries += 1));
    guard.breaker.onBreak(() => (guard.counts.opened += 1));
    this.#guards.set(target, guard);
    return guard;
  }
}

function inTime<T>(
  attempt: (remaining_ms: number) => Promise<T>,
  until_ms: number,
  target: string,
): Promise<T> {
  const remaining_ms = Math.floor(until_ms - performance.now());
  if (remaining_ms > 0) return attempt(remaining_ms);
  throw new QError('TIMEOUT_ERROR', `There was no time left to call ${target}.`);
}

function inTableWords(error: unknown, target: string, limits: OutwardLimits): unknown {
  if (error instanceof BrokenCircuitError)
    return new QError(
      'SERVICE_UNAVAILABLE',
      `${target} failed ${limits.failures_max} times within ${limits.failuresWithin_ms / 1000} s, and is spared for a while.`,
      { reason: 'BREAKER_OPEN', retryAfter_ms: limits.spared_ms },
    );
  if (error instanceof BulkheadRejectedError)
    return new QError(
      'SERVICE_UNAVAILABLE',
      `${limits.concurrent_max} calls are under way at ${target}, and ${limits.queue_max} wait.`,
      { reason: 'BULKHEAD_FULL', retryAfter_ms: 1_000 },
    );
  return error;
}

function nameOf(state: CircuitState): TargetState['breaker'] {
  if (state === CircuitState.Closed) return 'closed';
  return state === CircuitState.HalfOpen ? 'half-open' : 'open';
}
