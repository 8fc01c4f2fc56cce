import { histogramLines, type Labels } from './exposition.ts';

/**
 * Counts values by bucket. Its labels were fixed when it was made, so that observing a value makes no
 * object and hashes nothing; a test holds its text equal to that of prom-client.
 */
export class Histogram {
  readonly #borders: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  /** @param borders upper ends of the buckets, ascending, in the unit of the values */
  constructor(borders: readonly number[]) {
    this.#borders = borders;
    this.#counts = new Float64Array(borders.length + 1);
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  observe(value: number): void {
    const borders = this.#borders;
    let place = 0;
    while (place < borders.length && value > (borders[place] ?? Infinity)) place += 1;
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#sum += value;
    this.#count += 1;
  }

  /** How many values were at most `border`, which is one of the borders. */
  upTo(border: number): number {
    let total = 0;
    for (const [place, each] of this.#borders.entries())
      if (each <= border) total += this.#counts[place] ?? 0;
    return total;
  }

  lines(name: string, labels: Labels): string {
    return histogramLines(name, labels, this.#borders, this.#counts, this.#sum);
  }
}
