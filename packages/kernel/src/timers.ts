import type { Row, Statement, Store } from '@anarq/store';

/** What a timer is for, and of what: the id of a process, of a wait, or of a schedule. */
export type TimerKind = 'wait' | 'deadline' | 'retry' | 'schedule';

export interface Timer {
  readonly kind: TimerKind;
  readonly ref: string;
  readonly due_ms: number;
}

/** Does what is due. It removes the timer, or moves it on, in its own commit. */
export type TimerHandler = (timer: Timer) => Promise<void>;

const DUE_AT_ONCE = 100;
/** A clock that was set is noticed within this time. */
const LOOK_AGAIN_MS = 5_000;
const AFTER_FAILURE_MS = 1_000;
const SET_BACK_MS = 1_000;

const idOf = (kind: TimerKind, ref: string): string => `${kind}:${ref}`;

/** Sets a timer, or moves it. */
export const setTimer = (kind: TimerKind, ref: string, due_ms: number): Statement => ({
  name: `timer ${kind}`,
  sql: `INSERT INTO kernel_timer (id, kind, ref, due_ms) VALUES (:id, :kind, :ref, :due_ms)
        ON CONFLICT (id) DO UPDATE SET due_ms = :due_ms`,
  params: { id: idOf(kind, ref), kind, ref, due_ms },
});

export const removeTimer = (kind: TimerKind, ref: string): Statement => ({
  name: `timer ${kind}`,
  sql: 'DELETE FROM kernel_timer WHERE id = :id',
  params: { id: idOf(kind, ref) },
});

/** Takes a timer that is due, so that nobody else does what it is for: once for each instant. */
export const takeTimer = ({ kind, ref, due_ms }: Timer): Statement => ({
  name: `timer ${kind}`,
  sql: 'DELETE FROM kernel_timer WHERE id = :id AND due_ms = :due_ms',
  params: { id: idOf(kind, ref), due_ms },
  expect: { changes: 1 },
});

/** The same for one that comes again. */
export const moveTimer = ({ kind, ref, due_ms }: Timer, next_ms: number): Statement => ({
  name: `timer ${kind}`,
  sql: 'UPDATE kernel_timer SET due_ms = :next_ms WHERE id = :id AND due_ms = :due_ms',
  params: { id: idOf(kind, ref), due_ms, next_ms },
  expect: { changes: 1 },
});

/**
 * Everything of the kernel that waits for an instant, as rows of one table, and one timer of the
 * machine for the next of them. What is due is asked of the clock, so a clock that jumps makes
 * nothing happen twice, and loses nothing.
 */
export class Timers {
  readonly #store: Store;
  readonly #now_ms: () => number;
  readonly #onError: (error: unknown, where: string) => void;
  readonly #handlers = new Map<string, TimerHandler>();
  #timeout: NodeJS.Timeout | undefined;
  #wake_ms = Infinity;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #isOpen = false;
  #latest_ms = 0;
  /** Called when the clock was set back. */
  onSetBack: () => Promise<void> = () => Promise.resolve();

  constructor(
    store: Store,
    now_ms: () => number,
    onError: (error: unknown, where: string) => void,
  ) {
    this.#store = store;
    this.#now_ms = now_ms;
    this.#onError = onError;
  }

  on(kind: TimerKind, handler: TimerHandler): void {
    this.#handlers.set(kind, handler);
  }

  start(): void {
    this.#isOpen = true;
    void this.look();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    clearTimeout(this.#timeout);
    await this.#looking;
  }

  /** Says that a timer for this instant was committed. */
  arm(due_ms: number): void {
    if (!this.#isOpen || due_ms >= this.#wake_ms) return;
    this.#wake_ms = due_ms;
    clearTimeout(this.#timeout);
    const pause_ms = Math.min(Math.max(0, due_ms - this.#now_ms()), LOOK_AGAIN_MS);
    this.#timeout = setTimeout(() => void this.look(), pause_ms).unref();
  }

  /** Looks at the clock, and does all that is due. */
  look(): Promise<void> {
    this.#lookAgain = true;
    this.#looking ??= this.#work().finally(() => {
      this.#looking = undefined;
      if (this.#lookAgain && this.#isOpen) void this.look();
    });
    return this.#looking;
  }

  async #work(): Promise<void> {
    while (this.#lookAgain && this.#isOpen) {
      this.#lookAgain = false;
      this.#wake_ms = Infinity;
      let next_ms: number | undefined;
      try {
        next_ms = await this.#once();
      } catch (error) {
        this.#onError(error, 'timers');
        next_ms = this.#now_ms() + AFTER_FAILURE_MS;
      }
      if (next_ms !== undefined) this.arm(next_ms);
    }
  }

  /** @returns when the next one is due */
  async #once(): Promise<number | undefined> {
    const now_ms = this.#now_ms();
    if (now_ms < this.#latest_ms - SET_BACK_MS) await this.onSetBack();
    this.#latest_ms = now_ms;
    const rows = await this.#store.read(
      'SELECT kind, ref, due_ms FROM kernel_timer ORDER BY due_ms, id LIMIT :most',
      { most: DUE_AT_ONCE },
    );
    let failed = false;
    for (const timer of rows.map(timerOf)) {
      if (timer.due_ms > now_ms) return failed ? now_ms + AFTER_FAILURE_MS : timer.due_ms;
      try {
        await this.#handlers.get(timer.kind)?.(timer);
      } catch (error) {
        failed = true;
        this.#onError(error, `timer ${timer.kind} ${timer.ref}`);
      }
    }
    // One that fails again and again does not keep the others from their turn for long.
    if (failed) return now_ms + AFTER_FAILURE_MS;
    if (rows.length === DUE_AT_ONCE) this.#lookAgain = true;
    return undefined;
  }
}

const timerOf = (row: Row): Timer => ({
  kind: row['kind'] as TimerKind,
  ref: row['ref'] as string,
  due_ms: row['due_ms'] as number,
});
