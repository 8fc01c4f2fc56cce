/** One that waits for its turn. */
export interface Waiting {
  /** DID of whose run it is. */
  readonly owner: string;
  /** The higher, the sooner, among those of one owner. */
  readonly priority: number;
}

interface Place<W> {
  readonly one: W;
  /** How many that came later went before it. */
  passed: number;
}

/** So many that came later may go before one; then it is next, whoever comes. */
const PASSED_MAX = 32;
/** Owners whose last turn is remembered. */
const OWNERS_MAX = 1_000;

/**
 * Whose turn it is. Owners take turns: whose last one is longest ago goes first, so that nobody waits
 * for all runs of another, and no priority passes anybody else's. Of one owner the highest priority
 * goes first, and of equal ones who came first.
 */
export class Turns<W extends Waiting> {
  /** In the order in which they came. */
  readonly #places: Place<W>[] = [];
  /** When each owner had its last turn, counted in turns; the longest ago first. */
  readonly #lastTurns = new Map<string, number>();
  #turn = 0;

  get size(): number {
    return this.#places.length;
  }

  /** How many of one owner wait. */
  waitingOf(owner: string): number {
    return this.#places.filter(({ one }) => one.owner === owner).length;
  }

  add(one: W): void {
    this.#places.push({ one, passed: 0 });
  }

  /** One that waits no longer. */
  remove(one: W): void {
    const at = this.#places.findIndex((place) => place.one === one);
    if (at !== -1) this.#places.splice(at, 1);
  }

  next(): W | undefined {
    const [first] = this.#places;
    if (first === undefined || first.passed >= PASSED_MAX) return first?.one;
    return this.#places.map(({ one }) => one).reduce((a, b) => (this.#isSooner(b, a) ? b : a));
  }

  /** Takes the one out whose turn it is. */
  take(): W | undefined {
    const next = this.next();
    if (next === undefined) return undefined;
    for (const place of this.#places) {
      if (place.one === next) break;
      place.passed += 1;
    }
    this.remove(next);
    this.#lastTurns.delete(next.owner);
    this.#lastTurns.set(next.owner, (this.#turn += 1));
    for (const owner of this.#lastTurns.keys()) {
      if (this.#lastTurns.size <= OWNERS_MAX) break;
      this.#lastTurns.delete(owner);
    }
    return next;
  }

  /** Whether one goes before another that came earlier. */
  #isSooner(one: W, earlier: W): boolean {
    if (one.owner === earlier.owner) return one.priority > earlier.priority;
    return this.#lastTurnOf(one) < this.#lastTurnOf(earlier);
  }

  readonly #lastTurnOf = ({ owner }: W): number => this.#lastTurns.get(owner) ?? 0;
}
