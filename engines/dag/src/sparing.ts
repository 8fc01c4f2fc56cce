import type { Peer } from './messages.ts';

/** Peers that are remembered; of more than these the one that was answered longest ago is forgotten. */
const PEERS_MAX = 512;

/** Lets one thing be done for each peer, and not again before some time has passed. */
export class Sparing {
  readonly #last = new Map<Peer, number>();
  readonly #again_ms: number;

  constructor(again_ms: number) {
    this.#again_ms = again_ms;
  }

  /** @returns whether it may be done now; then it counts as done */
  allows(peer: Peer, now_ms: number): boolean {
    const last_ms = this.#last.get(peer);
    if (last_ms !== undefined && now_ms < last_ms + this.#again_ms) return false;
    this.#last.delete(peer);
    this.#last.set(peer, now_ms);
    const [oldest] = this.#last.keys();
    if (oldest !== undefined && this.#last.size > PEERS_MAX) this.#last.delete(oldest);
    return true;
  }
}
