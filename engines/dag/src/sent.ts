import type { Block } from './block.ts';
import type { Peer } from './messages.ts';

/** Peers of which it is remembered what they were sent, and blocks of each; what was sent longest ago is forgotten. */
const PEERS_MAX = 512;
const BLOCKS_MAX = 1_024;
/** However often a block was sent in vain, it is sent again after so many times the first wait. */
const WAITS_MAX = 2;

interface Sending {
  readonly at_ms: number;
  readonly wait_ms: number;
}

/**
 * Which blocks were sent to whom. What is under way to somebody busy is asked for again before it is read; sent
 * again with every question, it would make that peer busier still.
 */
export class Sent {
  readonly #peers = new Map<Peer, Map<string, Sending>>();
  readonly #again_ms: number;

  /** @param again_ms how long after it was sent a block is sent again; twice as long each time after that */
  constructor(again_ms: number) {
    this.#again_ms = again_ms;
  }

  /** Those of these blocks that are to be sent to a peer now; they count as sent then. */
  due(peer: Peer, blocks: readonly Block[], now_ms: number): readonly Block[] {
    const sent = this.#of(peer);
    return blocks.filter(({ ref: { digest } }) => {
      const last = sent.get(digest);
      if (last !== undefined && now_ms < last.at_ms + last.wait_ms) return false;
      const wait_ms = last === undefined ? this.#again_ms : 2 * last.wait_ms;
      sent.delete(digest);
      sent.set(digest, { at_ms: now_ms, wait_ms: Math.min(wait_ms, WAITS_MAX * this.#again_ms) });
      dropOldest(sent, BLOCKS_MAX);
      return true;
    });
  }

  #of(peer: Peer): Map<string, Sending> {
    const sent = this.#peers.get(peer) ?? new Map<string, Sending>();
    this.#peers.delete(peer);
    this.#peers.set(peer, sent);
    dropOldest(this.#peers, PEERS_MAX);
    return sent;
  }
}

function dropOldest<T>(map: Map<string, T>, most: number): void {
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > most) map.delete(oldest);
}
