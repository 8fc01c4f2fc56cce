import { ENTRY_BYTES_MAX, Malformed, Reader, Writer } from '@anarq/dag';

/** First byte of a frame: 1 is a message of the engine, in its form; the others are those of the driver. */
const MESSAGE = 1;
const ENTRY = 2;
const PART = 3;
const LOST = 4;

/** A message that is larger travels in parts. */
export const WHOLE_BYTES_MAX = 4 << 20;
const PART_BYTES = 1 << 20;
const PARTS_MAX = 1 << 9;
/** Certificates that are asked for at a time. */
export const CERTIFICATES_ASKED_MAX = 16;

export type Frame =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** An entry that a node which makes no blocks hands on. */
  | { readonly kind: 'entry'; readonly entry: Uint8Array }
  /** Asks for the certificates of these checkpoints. */
  | { readonly kind: 'lost'; readonly seqs: readonly number[] }
  | {
      readonly kind: 'part';
      readonly of: number;
      readonly index: number;
      readonly count: number;
      readonly bytes: Uint8Array;
    };

export const entryFrame = (entry: Uint8Array): Uint8Array =>
  new Writer().u8(ENTRY).raw(entry).done();

export function lostFrame(seqs: readonly number[]): Uint8Array {
  const writer = new Writer().u8(LOST).u8(seqs.length);
  for (const seq of seqs) writer.u32(seq);
  return writer.done();
}

/** The parts of a large message, in order. @param of tells it from others of the same sender */
export function partFrames(message: Uint8Array, of: number): readonly Uint8Array[] {
  const count = Math.ceil(message.length / PART_BYTES);
  return Array.from({ length: count }, (_, index) =>
    new Writer()
      .u8(PART)
      .u32(of)
      .u16(index)
      .u16(count)
      .raw(message.subarray(index * PART_BYTES, (index + 1) * PART_BYTES))
      .done(),
  );
}

/** @throws Malformed */
export function readFrame(frame: Uint8Array): Frame {
  const reader = new Reader(frame);
  switch (reader.u8()) {
    case MESSAGE:
      return { kind: 'message', bytes: frame };
    case ENTRY:
      if (frame.length > 1 + ENTRY_BYTES_MAX) throw new Malformed('an entry is too large');
      // Copied: it waits here for longer than the frame that brought it.
      return { kind: 'entry', entry: Uint8Array.from(frame.subarray(1)) };
    case PART:
      return readPart(reader, frame);
    case LOST:
      return readLost(reader);
    default:
      throw new Malformed('there is no such frame');
  }
}

function readLost(reader: Reader): Frame {
  const count = reader.u8();
  if (count > CERTIFICATES_ASKED_MAX) throw new Malformed('so many are not asked for at once');
  const seqs = Array.from({ length: count }, () => reader.u32());
  reader.end();
  return { kind: 'lost', seqs };
}

function readPart(reader: Reader, frame: Uint8Array): Frame {
  const of = reader.u32();
  const index = reader.u16();
  const count = reader.u16();
  const bytes = frame.subarray(9);
  const isLast = index === count - 1;
  if (count > PARTS_MAX || index >= count) throw new Malformed('there are not so many parts');
  if (bytes.length > PART_BYTES || (!isLast && bytes.length !== PART_BYTES))
    throw new Malformed('a part is of another size');
  return { kind: 'part', of, index, count, bytes };
}

/** How long the next part may take, before another sender may begin. */
const PART_ms_MAX = 10_000;

/** Puts one message at a time together from its parts; those of others wait their turn, and are sent again. */
export class Assembly {
  #from = '';
  #of = 0;
  #parts: Uint8Array[] = [];
  #last_ms = -Infinity;

  /** @returns the message, with its last part */
  add(
    from: string,
    { of, index, count, bytes }: Frame & { readonly kind: 'part' },
    now_ms: number,
  ): Uint8Array | undefined {
    const isNext = from === this.#from && of === this.#of && index === this.#parts.length;
    const isFree = this.#parts.length === 0 || now_ms > this.#last_ms + PART_ms_MAX;
    if (!isNext && !(index === 0 && (isFree || from === this.#from))) return undefined;
    if (!isNext) this.#parts = [];
    this.#from = from;
    this.#of = of;
    this.#last_ms = now_ms;
    this.#parts.push(Uint8Array.from(bytes));
    if (index < count - 1) return undefined;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    return whole;
  }
}
