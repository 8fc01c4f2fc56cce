import type { Offence } from './types.ts';

/** What weighs how much; at 100 a follower is banned. */
const WEIGHTS: Readonly<Record<Offence | 'flood', number>> = {
  malformed: 20,
  badSignature: 20,
  misbehaviour: 50,
  flood: 20,
};
const BANNED_AT = 100;
/** A validator against which so much is held may use a tenth of what it otherwise might. */
const THROTTLED_AT = 100;
const THROTTLED_SHARE = 0.1;
const HELD_MAX = 200;
const DOUBLINGS_MAX = 6;

export interface ScoreLimits {
  readonly ban_ms: number;
  readonly forgetting_ms: number;
  /** Peers that are remembered. */
  readonly peers_max: number;
}

interface Standing {
  held: number;
  at_ms: number;
  bannedUntil_ms: number;
  bans: number;
}

/**
 * What is held against peers, by their keys. Half of it is forgotten in each `forgetting_ms`. Only
 * what came over a peer's own connection, after its hello, may be counted here: if word of others
 * counted, two liars could part honest validators. Validators are never banned but slowed down,
 * since a ban among validators is a partition.
 */
export class ScoreBoard {
  readonly #limits: ScoreLimits;
  readonly #standings = new Map<string, Standing>();

  constructor(limits: ScoreLimits) {
    this.#limits = limits;
  }

  /** Counts an offence; whether the peer is banned by it. */
  offence(peer: string, kind: Offence | 'flood', isValidator: boolean, now_ms: number): boolean {
    const standing = this.#settled(peer, now_ms);
    standing.held = Math.min(HELD_MAX, standing.held + WEIGHTS[kind]);
    // An entry that is written anew comes last, and the first one is the first to be forgotten.
    this.#standings.delete(peer);
    this.#standings.set(peer, standing);
    for (const first of this.#standings.keys()) {
      if (this.#standings.size <= this.#limits.peers_max) break;
      this.#standings.delete(first);
    }
    if (isValidator || standing.held < BANNED_AT) return false;
    standing.bannedUntil_ms =
      now_ms + this.#limits.ban_ms * 2 ** Math.min(standing.bans, DOUBLINGS_MAX);
    standing.bans++;
    standing.held = 0;
    return true;
  }

  /** The peers against which something is or was held. */
  peers(): IterableIterator<string> {
    return this.#standings.keys();
  }

  /** 0 at best. */
  score(peer: string, now_ms: number): number {
    return this.#standings.has(peer) ? 0 - Math.round(this.#settled(peer, now_ms).held) : 0;
  }

  /** Until when this peer is banned; undefined: it is not. Validators are not. */
  bannedUntil(peer: string, isValidator: boolean, now_ms: number): number | undefined {
    const until = this.#standings.get(peer)?.bannedUntil_ms ?? 0;
    return isValidator || until <= now_ms ? undefined : until;
  }

  /** Which share of its limits a peer may use. */
  share(peer: string, now_ms: number): number {
    if (!this.#standings.has(peer)) return 1;
    return this.#settled(peer, now_ms).held >= THROTTLED_AT ? THROTTLED_SHARE : 1;
  }

  #settled(peer: string, now_ms: number): Standing {
    const standing = this.#standings.get(peer) ?? {
      held: 0,
      at_ms: now_ms,
      bannedUntil_ms: 0,
      bans: 0,
    };
    const passed_ms = Math.max(0, now_ms - standing.at_ms);
    standing.held *= 0.5 ** (passed_ms / this.#limits.forgetting_ms);
    standing.at_ms = now_ms;
    return standing;
  }
}
