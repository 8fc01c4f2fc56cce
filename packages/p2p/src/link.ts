import { TokenBucket } from './bucket.ts';
import type { Compressor } from './compression.ts';
import { decompressed } from './compression.ts';
import type { FairDelivery, FrameSource } from './fairness.ts';
import { FRAME_KINDS, frameHeader } from './frames.ts';
import type { RawFrame } from './frames.ts';
import type { Greeted } from './greeter.ts';
import type { HelloRole } from './hello.ts';
import type { Limits, RoleLimits } from './limits.ts';
import { OutboundQueue } from './outbound.ts';
import type { QueueTotal } from './outbound.ts';
import type { Offence } from './types.ts';

const PINGS_PER_S = 20;
/** Routes are told when a peer connects, and passed on when there is a new one: about ten of them. */
const ROUTE_BYTES_PER_S = 64 * 1024;
/** Someone who is held back all the time for so long floods. */
const FLOOD_AFTER_MS = 10_000;
const UNPACKED_LENGTH_BYTES = 4;

/** What a link tells its network. */
export interface LinkEvents {
  frame(link: Link, frame: Uint8Array): void;
  routes(link: Link, body: Uint8Array): void;
  offence(link: Link, offence: Offence | 'flood'): void;
  closed(link: Link): void;
}

export interface LinkParts extends Greeted {
  readonly limits: Limits;
  readonly roleLimits: RoleLimits;
  readonly share: number;
  readonly compressor: Compressor;
  readonly total: QueueTotal;
  readonly delivery: FairDelivery;
  readonly events: LinkEvents;
}

/** A connection whose hello is done: frames go out joined, and come in as fast as is fair. */
export class Link implements FrameSource {
  readonly publicKey: string;
  readonly peerId: string;
  readonly address: string;
  readonly role: HelloRole;
  readonly queue: OutboundQueue;
  readonly opened_ms = performance.now();
  sent_bytes = 0;
  received_bytes = 0;
  rtt_ms: number | undefined;
  readonly #parts: LinkParts;
  #roleLimits: RoleLimits;
  #share: number;
  #unread: RawFrame[] = [];
  /** Frames before this index are delivered. */
  #unread_head = 0;
  #unread_bytes = 0;
  readonly #bytes: TokenBucket;
  readonly #counts: TokenBucket;
  readonly #pings: TokenBucket;
  readonly #routes: TokenBucket;
  #isFull = false;
  #isPaused = false;
  #heldUntil_ms = 0;
  #heldSince_ms: number | undefined;
  #holding: NodeJS.Timeout | undefined;
  #flushing: (() => void) | undefined;
  #isBlocked = false;
  /** Beats since something was heard. */
  #silentBeats = 0;
  readonly #beat: NodeJS.Timeout;
  #isClosed = false;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.publicKey = parts.publicKey;
    this.peerId = parts.peerId;
    this.address = parts.address;
    this.role = parts.role;
    this.#roleLimits = parts.roleLimits;
    this.#share = parts.share;
    this.queue = new OutboundQueue(parts.roleLimits, parts.total);
    const now_ms = performance.now();
    this.#bytes = new TokenBucket(parts.roleLimits.inbound_bytes_per_s * parts.share, now_ms);
    this.#counts = new TokenBucket(parts.roleLimits.inbound_frames_per_s * parts.share, now_ms);
    this.#pings = new TokenBucket(PINGS_PER_S, now_ms);
    this.#routes = new TokenBucket(ROUTE_BYTES_PER_S, now_ms);
    this.#beat = setInterval(() => this.#onBeat(), parts.limits.ping_ms);
  }

  /** From now on frames flow. */
  open(): void {
    const { frames, channel, events } = this.#parts;
    channel.onBytes((bytes) => {
      this.received_bytes += bytes;
      this.#silentBeats = 0;
      this.#hold(this.#bytes.take(bytes, performance.now()));
    });
    frames.onDrain(() => {
      this.#isBlocked = false;
      this.#flush();
    });
    frames.onClose(() => this.close('closing', false));
    frames.listen(
      (arrived) => this.#receive(arrived),
      () => events.offence(this, 'malformed'),
    );
    this.#ping();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that came and wait for the application. */
  get unread_bytes(): number {
    return this.#unread_bytes;
  }

  /** Whether nothing is read from this peer now. */
  get isHeld(): boolean {
    return this.#isFull || this.#holding !== undefined;
  }

  /** Its role or its standing changed. */
  setLimits(roleLimits: RoleLimits, share: number): void {
    if (roleLimits === this.#roleLimits && share === this.#share) return;
    this.#roleLimits = roleLimits;
    this.#share = share;
    const now_ms = performance.now();
    this.queue.setLimits(roleLimits);
    this.#bytes.setRate(roleLimits.inbound_bytes_per_s * share, now_ms);
    this.#counts.setRate(roleLimits.inbound_frames_per_s * share, now_ms);
    this.#relax();
  }

  /** Queues a frame; false: there was no room. */
  send(frame: Uint8Array): boolean {
    if (this.#isClosed || !this.queue.push(frame)) return false;
    const { coalesce_ms, coalesced_bytes } = this.#parts.limits;
    if (this.queue.bytes >= coalesced_bytes) this.#flush();
    else if (this.#flushing === undefined && !this.#isBlocked) {
      this.#flushing = soon(() => this.#flush(), coalesce_ms);
    }
    return true;
  }

  sendRoutes(body: Uint8Array): void {
    if (!this.#isClosed) this.#parts.frames.send(FRAME_KINDS.routes, body);
  }

  nextBytes(): number | undefined {
    const frame = this.#unread[this.#unread_head];
    return frame === undefined ? undefined : unpackedBytes(frame);
  }

  deliver(): void {
    const frame = this.#unread[this.#unread_head];
    if (frame === undefined) return;
    this.#unread_head++;
    if (this.#unread_head === this.#unread.length) {
      this.#unread = [];
      this.#unread_head = 0;
    } else if (this.#unread_head >= 1_024) {
      this.#unread = this.#unread.slice(this.#unread_head);
      this.#unread_head = 0;
    }
    this.#unread_bytes -= frame.body.byteLength;
    this.#relax();
    const whole =
      frame.kind === FRAME_KINDS.plain
        ? frame.body
        : decompressed(frame.body.subarray(UNPACKED_LENGTH_BYTES), unpackedBytes(frame));
    if (whole === undefined) this.#parts.events.offence(this, 'malformed');
    else this.#parts.events.frame(this, whole);
  }

  /** Tells the other side why, and hangs up. What is queued is lost. */
  close(reason: string, isSaid = true): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#beat);
    clearTimeout(this.#holding);
    this.#flushing?.();
    this.#unread = [];
    this.#unread_head = 0;
    this.#unread_bytes = 0;
    this.queue.clear();
    this.#parts.delivery.remove(this);
    if (isSaid) {
      this.#parts.frames.send(FRAME_KINDS.refusal, Buffer.from(reason));
      this.#parts.channel.pause();
    }
    this.#parts.hangUp(reason, isSaid);
    this.#parts.events.closed(this);
  }

  #receive(arrived: readonly RawFrame[]): void {
    const { limits, events, delivery } = this.#parts;
    let count = 0;
    let unpacked_bytes = 0;
    for (const frame of arrived) {
      if (this.#isClosed) return;
      switch (frame.kind) {
        case FRAME_KINDS.plain:
        case FRAME_KINDS.zstd:
          if (unpackedBytes(frame) > limits.frame_bytes_max) return this.#broke('malformed');
          count++;
          unpacked_bytes += unpackedBytes(frame) - frame.body.byteLength;
          this.#unread.push(frame);
          this.#unread_bytes += frame.body.byteLength;
          break;
        case FRAME_KINDS.ping:
          if (!this.#pings.tryTake(1, performance.now())) return this.#broke('flood');
          this.#parts.frames.send(FRAME_KINDS.pong, frame.body);
          break;
        case FRAME_KINDS.pong:
          this.#onPong(frame.body);
          break;
        case FRAME_KINDS.routes:
          // Each record may bring a signature to check; more than honest peers have to tell is not looked at.
          if (this.#routes.tryTake(frame.body.byteLength, performance.now()))
            events.routes(this, frame.body);
          break;
        case FRAME_KINDS.refusal:
          return this.close('closing', false);
        default:
          return this.#broke('malformed');
      }
    }
    if (count === 0) return;
    const now_ms = performance.now();
    this.#hold(this.#counts.take(count, now_ms));
    // What grows when it is unpacked counts with what it becomes.
    this.#hold(this.#bytes.take(Math.max(0, unpacked_bytes), now_ms));
    this.#isFull ||= this.#unread_bytes > this.#roleLimits.unread_bytes_max;
    this.#read();
    delivery.ready(this);
  }

  #broke(offence: Offence | 'flood'): void {
    this.#parts.events.offence(this, offence);
    this.close('form');
  }

  /** Reads nothing for so long. */
  #hold(wait_ms: number): void {
    if (wait_ms === 0 || this.#isClosed) {
      this.#heldSince_ms = this.#holding === undefined ? undefined : this.#heldSince_ms;
      return;
    }
    const now_ms = performance.now();
    this.#heldSince_ms ??= now_ms;
    if (now_ms - this.#heldSince_ms > FLOOD_AFTER_MS) {
      this.#heldSince_ms = now_ms;
      this.#parts.events.offence(this, 'flood');
      if (this.#isClosed) return;
    }
    this.#heldUntil_ms = Math.max(this.#heldUntil_ms, now_ms + wait_ms);
    if (this.#holding !== undefined) return;
    this.#holding = setTimeout(() => this.#onHeld(), wait_ms);
    this.#read();
  }

  #onHeld(): void {
    const left_ms = this.#heldUntil_ms - performance.now();
    this.#holding = left_ms > 1 ? setTimeout(() => this.#onHeld(), left_ms) : undefined;
    this.#relax();
  }

  #relax(): void {
    if (this.#isFull && this.#unread_bytes <= this.#roleLimits.unread_bytes_max / 2) {
      this.#isFull = false;
    }
    this.#read();
  }

  /** Reads from the socket, or not, as things stand. */
  #read(): void {
    if (this.isHeld === this.#isPaused || this.#isClosed) return;
    this.#isPaused = this.isHeld;
    if (this.#isPaused) {
      this.#parts.channel.pause();
      return;
    }
    this.#silentBeats = 0;
    this.#parts.channel.resume();
  }

  #flush(): void {
    this.#flushing?.();
    this.#flushing = undefined;
    const { limits, frames } = this.#parts;
    while (!this.#isBlocked && !this.#isClosed && this.queue.frames > 0) {
      const bytes = this.#joined(this.queue.take(limits.coalesced_bytes));
      this.sent_bytes += bytes.byteLength;
      this.#isBlocked = !frames.write(bytes);
    }
  }

  /** Frames behind their headers in one piece: each piece is a record of TLS, and costs more than a copy. */
  #joined(taken: readonly Uint8Array[]): Uint8Array {
    return Buffer.concat(
      taken.flatMap((frame) => {
        const packed = this.#parts.compressor.compressed(frame);
        if (packed === undefined) return [frameHeader(FRAME_KINDS.plain, frame.byteLength), frame];
        const unpacked = new Uint8Array(UNPACKED_LENGTH_BYTES);
        new DataView(unpacked.buffer).setUint32(0, frame.byteLength);
        const body_bytes = UNPACKED_LENGTH_BYTES + packed.byteLength;
        return [frameHeader(FRAME_KINDS.zstd, body_bytes), unpacked, packed];
      }),
    );
  }

  #ping(): void {
    const body = new Uint8Array(8);
    new DataView(body.buffer).setFloat64(0, performance.now());
    this.#parts.frames.send(FRAME_KINDS.ping, body);
  }

  #onPong(body: Uint8Array): void {
    if (body.byteLength !== 8) return;
    const rtt_ms = performance.now() - new DataView(body.buffer, body.byteOffset).getFloat64(0);
    if (!(rtt_ms >= 0 && rtt_ms < this.#parts.limits.silence_ms * 2)) return;
    this.rtt_ms = this.rtt_ms === undefined ? rtt_ms : this.rtt_ms * 0.8 + rtt_ms * 0.2;
  }

  #onBeat(): void {
    const { limits } = this.#parts;
    // Who is not read from cannot be heard. A beat that comes late is one beat: what came meanwhile was not read yet.
    if (!this.isHeld) this.#silentBeats += 1;
    if (this.#silentBeats * limits.ping_ms > limits.silence_ms) {
      this.close('silent');
      return;
    }
    this.#ping();
  }
}

/** Does it in so many milliseconds, or when this turn's events are done; how to prevent it. */
function soon(act: () => void, wait_ms: number): () => void {
  if (wait_ms > 0) {
    const timer = setTimeout(act, wait_ms);
    return () => clearTimeout(timer);
  }
  const immediate = setImmediate(act);
  return () => clearImmediate(immediate);
}

/** How long the frame will be for the application. */
function unpackedBytes({ kind, body }: RawFrame): number {
  if (kind === FRAME_KINDS.plain) return body.byteLength;
  if (body.byteLength < UNPACKED_LENGTH_BYTES) return Number.POSITIVE_INFINITY;
  return new DataView(body.buffer, body.byteOffset).getUint32(0);
}
