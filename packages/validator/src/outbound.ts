import { encodeMessage, type Message } from '@anarq/dag';
import { partFrames, WHOLE_BYTES_MAX } from './frames.ts';
import type { PeerNetwork } from './network.ts';

/** Large messages under way at a time, and how long one may take. */
const LARGE_MAX = 4;
const LARGE_ms_MAX = 60_000;
/** Followers who hear blocks and votes directly; the others ask for them. */
const FOLLOWERS_MAX = 32;

interface Large {
  readonly frames: readonly Uint8Array[];
  readonly until_ms: number;
  next: number;
}

/** What a node says: each message is written once, however many hear it. */
export class Outbound {
  readonly #network: PeerNetwork;
  readonly #large = new Map<string, Large>();
  #count = 0;

  constructor(network: PeerNetwork) {
    this.#network = network;
  }

  /** @returns how many bytes that is */
  send(to: string, message: Message, now_ms: number): number {
    if (message.kind === 'snapshot' && this.#large.has(to)) return 0;
    const frame = encodeMessage(message);
    if (frame.length <= WHOLE_BYTES_MAX) {
      this.#network.send(to, frame);
      return frame.length;
    }
    if (this.#large.size >= LARGE_MAX) return 0;
    this.#count = (this.#count + 1) % 0xffff_ffff;
    const frames = partFrames(frame, this.#count);
    this.#large.set(to, { frames, until_ms: now_ms + LARGE_ms_MAX, next: 0 });
    this.#goOn(to);
    return frame.length;
  }

  /** To these validators; and, what is worth it, to followers who are connected. */
  broadcast(validators: readonly string[], message: Message): void {
    const frame = encodeMessage(message);
    const { publicKey } = this.#network;
    for (const to of validators) if (to !== publicKey) this.#network.send(to, frame);
    if (message.kind !== 'block' && message.kind !== 'vote') return;
    const known = new Set(validators);
    const followers = this.#network.connected().filter((peer) => !known.has(peer));
    for (const to of followers.slice(0, FOLLOWERS_MAX)) this.#network.send(to, frame);
  }

  /** Goes on with what is too large to be sent at once. */
  tick(now_ms: number): void {
    for (const [to, { until_ms }] of this.#large) {
      if (now_ms > until_ms) this.#large.delete(to);
      else this.#goOn(to);
    }
  }

  #goOn(to: string): void {
    const large = this.#large.get(to);
    if (large === undefined) return;
    for (; large.next < large.frames.length; large.next += 1) {
      const frame = large.frames[large.next];
      if (frame === undefined || !this.#network.send(to, frame)) return;
    }
    this.#large.delete(to);
  }
}
