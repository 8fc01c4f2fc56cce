/** What a peer may ask for in a second, and at once; and bytes of answers, after which it may ask again. */
const RATES = { question: 100, entry: 500, lost: 1, answer: 16 << 20 } as const;
/** So many peers are counted; of more, the one that was silent longest is forgotten. */
const PEERS_MAX = 1_024;

interface Bucket {
  left: number;
  at_ms: number;
}

/** Counts what each peer asks for, so that none takes the time of all. */
export class Quotas {
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Whether one more of a kind is within what a peer may ask for.
   * @param units how much it takes; more than is left is a debt that time pays back
   */
  takes(peer: string, kind: keyof typeof RATES, now_ms: number, units = 1): boolean {
    const rate = RATES[kind];
    const name = `${kind} ${peer}`;
    const bucket = this.#buckets.get(name) ?? { left: rate, at_ms: now_ms };
    this.#buckets.delete(name);
    if (this.#buckets.size >= 4 * PEERS_MAX) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(name, bucket);
    const passed_ms = Math.max(0, now_ms - bucket.at_ms);
    bucket.left = Math.min(rate, bucket.left + (passed_ms * rate) / 1_000);
    bucket.at_ms = now_ms;
    if (bucket.left < 1) return false;
    bucket.left -= units;
    return true;
  }
}
