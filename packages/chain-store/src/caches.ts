/** Keeps what was read last, up to a weight. */
export class Kept<V> {
  readonly #weight_max: number;
  readonly #weightOf: (value: V) => number;
  readonly #values = new Map<string, V>();
  #weight = 0;

  constructor(weight_max: number, weightOf: (value: V) => number) {
    this.#weight_max = weight_max;
    this.#weightOf = weightOf;
  }

  async get(key: string, read: () => Promise<V>): Promise<V> {
    const known = this.#values.get(key);
    if (known !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, known);
      return known;
    }
    const value = await read();
    this.#values.set(key, value);
    this.#weight += this.#weightOf(value);
    for (const [oldest, old] of this.#values) {
      if (this.#weight <= this.#weight_max || oldest === key) break;
      this.#values.delete(oldest);
      this.#weight -= this.#weightOf(old);
    }
    return value;
  }
}
