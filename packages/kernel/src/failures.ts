import { QError, type Result } from '@anarq/common-schemas';
import type { Capability } from './capability.ts';
import type { ProcessEnds } from './ends.ts';
import type { Invocation } from './invocation.ts';
import type { KernelParts } from './parts.ts';
import { setTimer, type Timers } from './timers.ts';

/** Failures of a handler by a defect, with growing pauses, before it waits for a person. */
const DEFECTS_MAX = 8;
const PAUSE_MIN_MS = 30_000;
const PAUSE_MAX_MS = 3_600_000;
/** Of more than these, the others are tried again after their pauses only. */
const PASSING_MAX = 10_000;

/** What becomes of a process that could not be brought to an end now. */
export class Failures {
  readonly #parts: KernelParts;
  readonly #ends: ProcessEnds;
  readonly #timers: Timers;
  readonly #now_ms: () => number;
  readonly #wake: (id: string) => void;
  readonly #pauses = new Set<NodeJS.Timeout>();
  /** Processes that failed for what may pass by itself. */
  readonly #passing = new Set<string>();

  constructor(
    parts: KernelParts,
    ends: ProcessEnds,
    timers: Timers,
    now_ms: () => number,
    wake: (id: string) => void,
  ) {
    this.#parts = parts;
    this.#ends = ends;
    this.#timers = timers;
    this.#now_ms = now_ms;
    this.#wake = wake;
  }

  close(): void {
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  /** Those that failed for what may pass by itself, since this was asked last; the first first. */
  passing(): string[] {
    const ids = [...this.#passing];
    this.#passing.clear();
    return ids;
  }

  /**
   * Has it tried again after a pause that grows; a defect that stays parks it for a person.
   * @returns the answer where it is parked
   */
  async later(
    inv: Invocation,
    capability: Capability,
    error: unknown,
  ): Promise<Result<unknown> | undefined> {
    const { process: id } = capability;
    if (isPassing(error) && this.#passing.size < PASSING_MAX) this.#passing.add(id);
    try {
      const [, counted] = await this.#parts.store.commit([
        {
          sql: `UPDATE kernel_process SET attempts = attempts + 1 WHERE id = :id AND state = 'RUNNING'`,
          params: { id },
          expect: { changes: 1 },
        },
        { sql: 'SELECT attempts FROM kernel_process WHERE id = :id', params: { id } },
      ]);
      const attempts = Number(counted?.rows[0]?.['attempts']);
      if (!isPassing(error) && attempts >= DEFECTS_MAX) {
        const problem = `its handler failed ${attempts} times`;
        const details = error instanceof Error ? error.message : String(error);
        return await this.#ends.parked(inv, capability, 'NEEDS_ATTENTION', problem, details);
      }
      const due_ms = this.#now_ms() + pauseAfter(attempts);
      await this.#parts.store.commit([setTimer('retry', id, due_ms)]);
      this.#timers.arm(due_ms);
    } catch (failure) {
      // The store itself is away: what cannot be written down is tried again from memory.
      this.#parts.onError(failure, `process ${id}`);
      const pause = setTimeout(() => {
        this.#pauses.delete(pause);
        this.#wake(id);
      }, PAUSE_MIN_MS).unref();
      this.#pauses.add(pause);
    }
    return undefined;
  }
}

/** What may pass by itself: a busy store, a dependency that is away. */
export const isPassing = (error: unknown): boolean => error instanceof QError && error.retryable;

const pauseAfter = (attempts: number): number =>
  Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** Math.max(0, attempts - 1));
