import type { Bus } from '@anarq/bus';
import { retentionDays, type AnyContract } from '@anarq/common-schemas';

/** How long an event is kept whose contract says nothing. */
const DAYS_DEFAULT = 365;
const DAY_MS = 86_400_000;
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

/**
 * Deletes events that are older than their contracts keep them. What a consumer has not passed yet,
 * and what is a dead letter, stays.
 */
export class EventSweep {
  readonly #bus: Pick<Bus, 'prune'>;
  readonly #now_ms: () => number;
  readonly #onError: (error: unknown) => void;
  /** Topics by the days that they are kept; those of the default are in no list. */
  readonly #byDays: ReadonlyMap<number, readonly string[]>;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    bus: Pick<Bus, 'prune'>,
    contracts: readonly AnyContract[],
    now_ms: () => number,
    onError: (error: unknown) => void,
  ) {
    this.#bus = bus;
    this.#now_ms = now_ms;
    this.#onError = onError;
    const topics = contracts.flatMap(({ events }) => Object.entries(events));
    const kept = topics.flatMap(([topic, { retention }]) =>
      retention === undefined ? [] : [{ topic, days: retentionDays(retention) }],
    );
    const grouped = Map.groupBy(kept, ({ days }) => days);
    this.#byDays = new Map(
      [...grouped].map(([days, all]) => [days, all.map(({ topic }) => topic)]),
    );
  }

  start(): void {
    const sweep = () => {
      this.sweep().catch(this.#onError);
      this.#timer = setTimeout(sweep, EVERY_MS).unref();
    };
    this.#timer = setTimeout(sweep, FIRST_MS).unref();
  }

  /** @returns how many events were deleted */
  async sweep(): Promise<number> {
    const before_ms = (days: number) => this.#now_ms() - days * DAY_MS;
    let deleted = 0;
    for (const [days, only] of this.#byDays)
      deleted += await this.#bus.prune(before_ms(days), { only });
    const except = [...this.#byDays.values()].flat();
    return deleted + (await this.#bus.prune(before_ms(DAYS_DEFAULT), { except }));
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

/** A sweep that runs every hour. */
export function startSweep(...order: ConstructorParameters<typeof EventSweep>): EventSweep {
  const sweep = new EventSweep(...order);
  sweep.start();
  return sweep;
}
