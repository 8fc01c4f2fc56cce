/** What became of an event, for good or until it changes. */
export const Status = {
  REFUSED: 0,
  CREATED: 1,
  PENDING: 2,
  POSTED: 3,
  VOIDED: 4,
  EXPIRED: 5,
  /** Refused for a passing reason: its id is used up. */
  ORPHANED: 6,
  /** Not a transfer: the end of a pending one whose time was over. */
  EXPIRY: 7,
} as const;
export type Status = (typeof Status)[keyof typeof Status];

const CHUNK_BITS = 16;
const CHUNK = 1 << CHUNK_BITS;

/** A byte for every event there ever was. */
export class Statuses {
  readonly chunks: Uint8Array[] = [];
  count = 0;

  /** Makes room for events from `count` on; they begin as refused. */
  extend(events: number): void {
    this.count += events;
    while (this.chunks.length * CHUNK < this.count) this.chunks.push(new Uint8Array(CHUNK));
  }

  get(ordinal: number): Status {
    return this.chunks[ordinal >>> CHUNK_BITS]![ordinal & (CHUNK - 1)] as Status;
  }

  set(ordinal: number, status: Status): void {
    this.chunks[ordinal >>> CHUNK_BITS]![ordinal & (CHUNK - 1)] = status;
  }

  /** The same for all from an ordinal to another. */
  fill(from: number, to: number, status: Status): void {
    for (let ordinal = from; ordinal < to; ordinal++) this.set(ordinal, status);
  }

  /** Whether the event at an ordinal moved money or held it, or ended a hold. */
  isEffective(ordinal: number): boolean {
    const status = this.get(ordinal);
    return status !== Status.REFUSED && status !== Status.ORPHANED;
  }

  get bytesInMemory(): number {
    return this.chunks.length * CHUNK;
  }

  /** All of them as bytes. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.count);
    this.chunks.forEach((chunk, index) =>
      all.set(chunk.subarray(0, Math.min(CHUNK, this.count - index * CHUNK)), index * CHUNK),
    );
    return all;
  }

  /** Takes back what `bytes` gave. */
  restore(bytes: Uint8Array): void {
    this.extend(bytes.length);
    this.chunks.forEach((chunk, index) =>
      chunk.set(bytes.subarray(index * CHUNK, (index + 1) * CHUNK)),
    );
  }
}
