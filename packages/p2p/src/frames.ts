/**
 * What stands on a stream: one frame behind the other, each a kind (1 byte), the length of its body
 * (4 bytes, big-endian) and the body. That several are sent at once does not show in it.
 */
export const FRAME_KINDS = {
  /** A frame of the application. */
  plain: 0,
  /** The same in zstd, behind its length when unpacked (4 bytes). */
  zstd: 1,
  ping: 2,
  pong: 3,
  /** First message of a hello: who speaks, of which chain. */
  greeting: 4,
  /** Second message of a hello: the signature. */
  proof: 5,
  /** Why the other side parts: a short text. */
  refusal: 6,
  /** Signed addresses of validators. */
  routes: 7,
} as const;

export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

/** Each at its own number. */
const KINDS: readonly FrameKind[] = Object.values(FRAME_KINDS).toSorted((a, b) => a - b);

export const FRAME_HEADER_BYTES = 5;
/** Bodies of every kind but frames of the application; a kind that is not here may have none. */
const OTHER_BODY_BYTES_MAX: Readonly<Record<number, number>> = {
  [FRAME_KINDS.ping]: 8,
  [FRAME_KINDS.pong]: 8,
  [FRAME_KINDS.greeting]: 4_096,
  [FRAME_KINDS.proof]: 4_096,
  [FRAME_KINDS.refusal]: 128,
  [FRAME_KINDS.routes]: 96 * 1024,
};

export interface RawFrame {
  readonly kind: FrameKind;
  readonly body: Uint8Array;
}

/** The 5 bytes before a body. */
export function frameHeader(kind: FrameKind, body_bytes: number): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  header[0] = kind;
  new DataView(header.buffer).setUint32(1, body_bytes);
  return header;
}

/** Thrown by a reader: the other side does not keep to the form, and nothing after this is read. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * Cuts a stream into frames. Keeps at most one frame and what came with its end; a frame that says
 * it is longer than allowed is refused by its header, before its body is kept.
 */
export class FrameReader {
  readonly #body_bytes_max: number;
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  #header_bytes = 0;
  #body: Uint8Array | undefined;
  #body_bytes = 0;

  constructor(frame_bytes_max: number) {
    this.#body_bytes_max = frame_bytes_max;
  }

  /** Bytes kept of a frame that has not ended. */
  get kept_bytes(): number {
    return this.#header_bytes + (this.#body?.byteLength ?? 0);
  }

  /** The frames that end in these bytes. Bodies are copies. Throws `FrameError`. */
  read(bytes: Uint8Array): readonly RawFrame[] {
    const frames: RawFrame[] = [];
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#body === undefined) {
        at += this.#readHeader(bytes.subarray(at));
        if (this.#header_bytes < FRAME_HEADER_BYTES) break;
        const length = this.#bodyLength();
        if (bytes.byteLength - at >= length) {
          // A copy: a small frame that is kept would keep everything alive that came with it.
          frames.push({
            kind: this.#kind(),
            body: new Uint8Array(bytes.subarray(at, at + length)),
          });
          this.#header_bytes = 0;
          at += length;
          continue;
        }
        // Every byte of it is written before anybody sees it.
        this.#body = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
        this.#body_bytes = 0;
      }
      const part = bytes.subarray(at, at + this.#body.byteLength - this.#body_bytes);
      this.#body.set(part, this.#body_bytes);
      this.#body_bytes += part.byteLength;
      at += part.byteLength;
      if (this.#body_bytes === this.#body.byteLength) {
        frames.push({ kind: this.#kind(), body: this.#body });
        this.#body = undefined;
        this.#header_bytes = 0;
      }
    }
    return frames;
  }

  #readHeader(bytes: Uint8Array): number {
    const part = bytes.subarray(0, FRAME_HEADER_BYTES - this.#header_bytes);
    this.#header.set(part, this.#header_bytes);
    this.#header_bytes += part.byteLength;
    return part.byteLength;
  }

  #kind(): FrameKind {
    const kind = KINDS[this.#header[0] ?? KINDS.length];
    if (kind === undefined) throw new FrameError('a frame of no known kind');
    return kind;
  }

  #bodyLength(): number {
    const length = new DataView(this.#header.buffer).getUint32(1);
    const max = OTHER_BODY_BYTES_MAX[this.#kind()] ?? this.#body_bytes_max;
    if (length > max) throw new FrameError(`a frame of ${length} bytes, where ${max} are allowed`);
    return length;
  }
}
