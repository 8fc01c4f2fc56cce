import { fail } from '@anarq/common-schemas';
import type { TransactionState, Validator } from '@anarq/validator';

/** Who may wait at a time. */
const WAITS_MAX = 1_000;
const ENDS: ReadonlySet<TransactionState> = new Set(['Finalized', 'Rejected', 'Expired']);

/** Whether a transaction in a state has come as far as somebody waits for. */
export const hasCome = (state: TransactionState, until: 'Confirmed' | 'Finalized'): boolean =>
  ENDS.has(state) || state === until;

/** Those who wait for transactions: each is woken by a state of its own, and by the end of its time. */
export class Waits {
  readonly #open = new Map<string, Set<() => void>>();
  #count = 0;
  readonly #stop: () => void;

  constructor(validator: Validator) {
    this.#stop = validator.on((event) => {
      if (event.kind === 'state') this.#wake(event.id);
    });
  }

  /**
   * Waits for the next change of a transaction's state, from now on.
   * @returns resolves then, or after a time, or when it is stopped
   * @throws RATE_LIMIT_EXCEEDED
   */
  next(
    id: string,
    timeout_ms: number,
  ): { readonly come: Promise<void>; readonly stop: () => void } {
    if (this.#count >= WAITS_MAX)
      fail('RATE_LIMIT_EXCEEDED', `${WAITS_MAX} wait for transactions already.`, {
        retryAfter_ms: 1_000,
      });
    const { promise: come, resolve } = Promise.withResolvers<void>();
    const waiting = this.#open.get(id) ?? new Set();
    this.#open.set(id, waiting);
    const stop = (): void => {
      if (!waiting.delete(stop)) return;
      this.#count -= 1;
      if (waiting.size === 0) this.#open.delete(id);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(stop, timeout_ms);
    waiting.add(stop);
    this.#count += 1;
    return { come, stop };
  }

  /** Wakes everybody: nothing comes any more. */
  close(): void {
    this.#stop();
    for (const id of this.#open.keys()) this.#wake(id);
  }

  #wake(id: string): void {
    for (const wake of this.#open.get(id) ?? []) wake();
  }
}
