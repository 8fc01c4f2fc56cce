/** What a peer may ask for in a second, and at once. */
const RATES = { question: 100, entry: 500 } as const;
/** So many peers are counted; of more, the one that was silent longest is forgotten. */
const PEERS_MAX = 1_024;

interface Bucket {
  left: number;
  at_ms: number;
}

/** Counts what each peer asks for, so that none takes the time of all. */
export class Quotas {
  readonly #buckets = new Map<string, Bucket>();

  /** Whether one more of a kind is within what a peer may ask for. */
  takes(peer: string, kind: keyof typeof RATES, now_ms: number): boolean {
    const rate = RATES[kind];
    const name = `${kind} ${peer}`;
    const bucket = this.#buckets.get(name) ?? { left: rate, at_ms: now_ms };
    this.#buckets.delete(name);
    if (this.#buckets.size >= 2 * PEERS_MAX) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(name, bucket);
    const passed_ms = Math.max(0, now_ms - bucket.at_ms);
    bucket.left = Math.min(rate, bucket.left + (passed_ms * rate) / 1_000);
    bucket.at_ms = now_ms;
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }
}
