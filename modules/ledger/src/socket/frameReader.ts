import { checkBody, FRAME_BYTES, readFrameHeader, type FrameHeader } from './frames.ts';

/**
 * Puts frames together from the pieces in which a socket hands them over. The body of a frame lies in
 * memory of its own, aligned, so that it can be worked on in place.
 */
export class FrameReader {
  readonly #onFrame: (header: FrameHeader, body: Buffer) => void;
  readonly #head = Buffer.alloc(FRAME_BYTES);
  #headFilled = 0;
  #header: FrameHeader | undefined;
  #body = Buffer.alloc(0);
  #bodyFilled = 0;

  constructor(onFrame: (header: FrameHeader, body: Buffer) => void) {
    this.#onFrame = onFrame;
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
        this.#header = readFrameHeader(this.#head, 0);
        this.#headFilled = 0;
        this.#body = Buffer.allocUnsafeSlow(this.#header.bodyBytes);
        this.#bodyFilled = 0;
      }
      const count = Math.min(this.#body.byteLength - this.#bodyFilled, piece.byteLength - at);
      piece.copy(this.#body, this.#bodyFilled, at, at + count);
      this.#bodyFilled += count;
      at += count;
      if (this.#bodyFilled < this.#body.byteLength) return;
      const header = this.#header;
      this.#header = undefined;
      checkBody(header, this.#body);
      this.#onFrame(header, this.#body);
    }
  }
}
