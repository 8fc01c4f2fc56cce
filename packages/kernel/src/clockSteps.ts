import type { Statement, Store } from '@anarq/store';

/** What a clock may be off the time that passed between two readings: slewing, and a busy machine. */
const TOLERANCE_MS = 2_000;
/** A step is told for so long, also where the clock is right since. */
const TOLD_FOR_MS = 600_000;
const AGAIN_MS = 1_000;
const META = 'clock_step';

/** The clock was set, or the machine slept. */
export interface ClockStep {
  /** Forward, or back where it is below 0. */
  readonly by_ms: number;
  /** When, by the clock after the step. */
  readonly at_ms: number;
}

/**
 * Reads the clock, and finds where it jumped: by another one that nobody can set. An instant that
 * somebody named is an instant of the clock, whatever it jumped by. A span that began before the
 * jump is to last as long as it was to: its end moves by the step, in the first commit after it.
 */
export class ClockSteps {
  readonly #clock_ms: () => number;
  readonly #monotonic_ms: () => number;
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  #last: { readonly clock_ms: number; readonly monotonic_ms: number };
  #latest: { readonly step: ClockStep; readonly told_until_ms: number } | undefined;
  #moving: Promise<void> = Promise.resolve();
  #isClosed = false;
  #total_ms = 0;
  /** Called when the spans of a step have moved. */
  onMoved: () => void = () => undefined;

  constructor(order: {
    readonly store: Store;
    readonly clock_ms: () => number;
    readonly monotonic_ms: () => number;
    readonly onError: (error: unknown) => void;
  }) {
    this.#store = order.store;
    this.#clock_ms = order.clock_ms;
    this.#monotonic_ms = order.monotonic_ms;
    this.#onError = order.onError;
    this.#last = { clock_ms: order.clock_ms(), monotonic_ms: order.monotonic_ms() };
  }

  readonly now_ms = (): number => {
    const clock_ms = this.#clock_ms();
    const monotonic_ms = this.#monotonic_ms();
    const { clock_ms: before_ms, monotonic_ms: then_ms } = this.#last;
    this.#last = { clock_ms, monotonic_ms };
    const by_ms = Math.round(clock_ms - before_ms - (monotonic_ms - then_ms));
    if (Math.abs(by_ms) > TOLERANCE_MS) this.#stepped({ by_ms, at_ms: clock_ms }, monotonic_ms);
    return clock_ms;
  };

  /** By how much the clock jumped in all: without it, it tells the time that passed. */
  get total_ms(): number {
    return this.#total_ms;
  }

  /** The last step, for some time after it. */
  get latest(): ClockStep | undefined {
    this.now_ms();
    const found = this.#latest;
    return found !== undefined && this.#monotonic_ms() < found.told_until_ms
      ? found.step
      : undefined;
  }

  /** Resolves when the spans of every step so far have moved. */
  async settled(): Promise<void> {
    this.now_ms();
    await this.#moving;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#moving;
  }

  #stepped(step: ClockStep, monotonic_ms: number): void {
    this.#total_ms += step.by_ms;
    this.#latest = { step, told_until_ms: monotonic_ms + TOLD_FOR_MS };
    const direction = step.by_ms > 0 ? 'forward' : 'back';
    const seconds = Math.round(Math.abs(step.by_ms) / 1_000);
    this.#onError(new Error(`The clock jumped ${direction} by ${seconds} s.`));
    // Begun at once: commits that others begin after it come after it.
    this.#moving = Promise.all([this.#moving, this.#move(step)]).then(() => undefined);
  }

  async #move(step: ClockStep): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#store.commit(spansMovedBy(step));
        this.onMoved();
        return;
      } catch (error) {
        this.#onError(error);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }
}

/** A signal is waited for so long; a sleep and an approval end at an instant that was named. */
const SPANS = `SELECT id FROM kernel_wait WHERE kind = 'signal' AND due_ms IS NOT NULL`;

/** The ends of spans that were under way, moved by a step; and what q doctor says of it. */
function spansMovedBy({ by_ms, at_ms }: ClockStep): Statement[] {
  const before_ms = at_ms - by_ms;
  return [
    {
      name: 'timers after a step of the clock',
      sql: `UPDATE kernel_timer SET due_ms = due_ms + :by_ms
            WHERE kind IN ('deadline', 'retry') OR (kind = 'wait' AND ref IN (${SPANS}))`,
      params: { by_ms },
    },
    {
      name: 'waits after a step of the clock',
      sql: `UPDATE kernel_wait SET due_ms = due_ms + :by_ms WHERE id IN (${SPANS})`,
      params: { by_ms },
    },
    {
      name: 'deadlines after a step of the clock',
      sql: `UPDATE kernel_process SET deadline_ms = deadline_ms + :by_ms
            WHERE state = 'RUNNING' AND deadline_ms IS NOT NULL`,
      params: { by_ms },
    },
    {
      name: 'sessions after a step of the clock',
      sql: 'UPDATE kernel_session SET expires_ms = expires_ms + :by_ms WHERE expires_ms > :before_ms',
      params: { by_ms, before_ms },
    },
    {
      name: 'meta clock step',
      sql: `INSERT INTO kernel_meta (key, value) VALUES (:key, :value)
            ON CONFLICT (key) DO UPDATE SET value = :value`,
      params: { key: META, value: JSON.stringify({ by_ms, at_ms }) },
    },
  ];
}
