/** A frame that is not small: it takes longer to send than one turn of coalescing. */
const BIG_BYTES = 64 * 1024;

export interface QueueLimits {
  readonly queued_bytes_max: number;
  readonly queued_frames_max: number;
}

/** What waits for all peers together. */
export interface QueueTotal {
  bytes: number;
}

/**
 * Frames that wait for one peer, in order. Where there is no room, big ones yield to small ones, the
 * newest first: votes and headers go on while a slow peer misses blocks, which it asks for later.
 */
export class OutboundQueue {
  #limits: QueueLimits;
  #frames: Uint8Array[] = [];
  /** Frames before this index are gone already. */
  #head = 0;
  #bytes = 0;
  /** How many of them are big. */
  #bigs = 0;
  #dropped = 0;

  readonly #total: QueueTotal;

  constructor(limits: QueueLimits, total: QueueTotal = { bytes: 0 }) {
    this.#limits = limits;
    this.#total = total;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get frames(): number {
    return this.#frames.length - this.#head;
  }

  /** Frames that were taken and then dropped for others. */
  get dropped(): number {
    return this.#dropped;
  }

  setLimits(limits: QueueLimits): void {
    this.#limits = limits;
    while (this.#isOver(0, 0) && this.dropNewestBig() > 0);
  }

  /** Whether there was room for it, or room was made. */
  push(frame: Uint8Array): boolean {
    const bytes = frame.byteLength;
    while (this.#isOver(bytes, 1)) {
      if (bytes >= BIG_BYTES || this.dropNewestBig() === 0) return false;
    }
    this.#frames.push(frame);
    this.#bigs += bytes >= BIG_BYTES ? 1 : 0;
    this.#count(bytes);
    return true;
  }

  /** Drops the newest frame that is big; how many bytes that freed. */
  dropNewestBig(): number {
    if (this.#bigs === 0) return 0;
    for (let at = this.#frames.length - 1; at >= this.#head; at--) {
      const bytes = this.#frames[at]?.byteLength ?? 0;
      if (bytes < BIG_BYTES) continue;
      this.#frames.splice(at, 1);
      this.#bigs--;
      this.#count(-bytes);
      this.#dropped++;
      return bytes;
    }
    return 0;
  }

  /** Takes the oldest frames: one, and as many more as stay within so many bytes together. */
  take(bytes_max: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    let bytes = 0;
    while (this.#head < this.#frames.length) {
      const frame = this.#frames[this.#head];
      if (frame === undefined || (taken.length > 0 && bytes + frame.byteLength > bytes_max)) break;
      taken.push(frame);
      this.#bigs -= frame.byteLength >= BIG_BYTES ? 1 : 0;
      bytes += frame.byteLength;
      this.#head++;
    }
    this.#count(-bytes);
    // Moving the rest to the front costs as much as what was taken since the last time.
    if (this.#head > 1_024 && this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
    if (this.#head === this.#frames.length) {
      this.#frames = [];
      this.#head = 0;
    }
    return taken;
  }

  /** Drops everything. */
  clear(): void {
    this.#count(-this.#bytes);
    this.#frames = [];
    this.#head = 0;
    this.#bigs = 0;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#total.bytes += bytes;
  }

  #isOver(bytes: number, frames: number): boolean {
    return (
      this.#bytes + bytes > this.#limits.queued_bytes_max ||
      this.frames + frames > this.#limits.queued_frames_max
    );
  }
}
