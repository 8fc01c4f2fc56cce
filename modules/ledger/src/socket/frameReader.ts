import { checkBody, FRAME_BYTES, readFrameHeader, type FrameHeader } from './frames.ts';
import { SpareMemory } from '../engine/spareMemory.ts';

/** Room for what is read when nobody knows yet what comes: many small frames, or the head of a large one. */
const STAGE_BYTES = 64 << 10;
/** The same for all connections: what was read into it is taken out before anything else is read. */
let stage: Buffer | undefined;
const NOTHING = Buffer.alloc(0);

/**
 * Puts frames together from what a socket hands over: in pieces, or read into the room that it names
 * here, where the rest of a large body lies at once where it belongs. The body of a frame lies in memory
 * of its own, aligned, so that it can be worked on in place.
 */
export class FrameReader {
  readonly #onFrame: (header: FrameHeader, body: Buffer) => void;
  readonly #bodies: SpareMemory;
  /** Most bytes of the bodies of frames whose header comes from now on. */
  bodyBytesMax: number;
  readonly #head = Buffer.alloc(FRAME_BYTES);
  #headFilled = 0;
  #header: FrameHeader | undefined;
  #body: Buffer = NOTHING;
  #bodyFilled = 0;

  constructor(
    onFrame: (header: FrameHeader, body: Buffer) => void,
    bodyBytesMax: number,
    bodies = new SpareMemory(),
  ) {
    this.#onFrame = onFrame;
    this.bodyBytesMax = bodyBytesMax;
    this.#bodies = bodies;
  }

  /** Where the next bytes are to be read into; `filled` is told before anything else is read there. */
  room(): Buffer {
    if (this.#header !== undefined) return this.#body.subarray(this.#bodyFilled);
    stage ??= Buffer.allocUnsafeSlow(STAGE_BYTES);
    return stage;
  }

  /** So many bytes were read into the room that was named. @throws FrameError for what is no frame */
  filled(count: number, room: Uint8Array): void {
    if (room.buffer === stage?.buffer) {
      this.push(stage.subarray(0, count));
      return;
    }
    this.#bodyFilled += count;
    this.#endFrame();
  }

  /** Takes the next piece. @throws FrameError for what is no frame */
  push(given: Buffer | string): void {
    const piece = typeof given === 'string' ? Buffer.from(given) : given;
    let at = 0;
    while (at < piece.byteLength) {
      if (this.#header === undefined) {
        const count = Math.min(FRAME_BYTES - this.#headFilled, piece.byteLength - at);
        piece.copy(this.#head, this.#headFilled, at, at + count);
        this.#headFilled += count;
        at += count;
        if (this.#headFilled < FRAME_BYTES) return;
        this.#header = readFrameHeader(this.#head, 0, this.bodyBytesMax);
        this.#headFilled = 0;
        this.#body = this.#bodies.take(this.#header.bodyBytes);
        this.#bodyFilled = 0;
      }
      const count = Math.min(this.#body.byteLength - this.#bodyFilled, piece.byteLength - at);
      piece.copy(this.#body, this.#bodyFilled, at, at + count);
      this.#bodyFilled += count;
      at += count;
      this.#endFrame();
    }
  }

  /** Hands the frame over, when all of it is there. */
  #endFrame(): void {
    const [header, body] = [this.#header, this.#body];
    if (header === undefined || this.#bodyFilled < body.byteLength) return;
    this.#header = undefined;
    // Whoever has it may give its memory back.
    this.#body = NOTHING;
    checkBody(header, body);
    this.#onFrame(header, body);
  }
}
