import type { SimulationCounts } from './counts.ts';
import type { SeededRandom } from './random.ts';

const NS_PER_MS = 1_000_000n;
const HOUR_MS = 3_600_000;

/** A wall clock, as machines have them: mostly it goes on, now and then it is put forward or back. */
export class SimulatedClock {
  /** Nanoseconds since 1970. */
  now = 1_700_000_000_000_000_000n;
  readonly #random: SeededRandom;
  readonly #counts: SimulationCounts;
  /** What it does in this run, each as often as its weight says. */
  readonly #moods: Readonly<Record<'goes' | 'stands' | 'forward' | 'back', number>>;

  constructor(random: SeededRandom, counts: SimulationCounts) {
    this.#random = random;
    this.#counts = counts;
    this.#moods = random.pick([
      { goes: 1, stands: 0, forward: 0, back: 0 },
      { goes: 20, stands: 2, forward: 1, back: 1 },
      { goes: 5, stands: 5, forward: 1, back: 4 },
      { goes: 0, stands: 9, forward: 0, back: 1 },
      { goes: 1, stands: 60, forward: 0, back: 0 },
    ]);
  }

  /** Lets some time pass, or none, or too much. */
  move(): void {
    const random = this.#random;
    switch (random.weighted(this.#moods)) {
      case 'goes':
        this.now += BigInt(random.between(1, 1_500)) * NS_PER_MS;
        return;
      case 'stands':
        return;
      case 'forward':
        this.#counts.clockJumpsForward++;
        this.now += BigInt(random.between(1, 24 * HOUR_MS)) * NS_PER_MS;
        return;
      case 'back':
        this.#counts.clockJumpsBack++;
        this.now -= BigInt(random.between(1, 24 * HOUR_MS)) * NS_PER_MS;
    }
  }
}
