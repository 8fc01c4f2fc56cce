import type { Stream } from '@libp2p/interface';
import { FRAME_HEADER_BYTES, frameHeader, FrameReader } from './frames.ts';
import type { FrameKind, RawFrame } from './frames.ts';

/** What may come before somebody listens: a hello, and frames right behind it. */
const UNHEARD_BYTES_MAX = 1024 * 1024;

/** A libp2p stream on which frames come and go. What breaks the form ends it. */
export class FrameStream {
  readonly #stream: Stream;
  readonly #reader: FrameReader;
  #unheard: RawFrame[] = [];
  #unheard_bytes = 0;
  #listener: ((frames: readonly RawFrame[]) => void) | undefined;
  #onBroken: ((error: Error) => void) | undefined;
  #next: PromiseWithResolvers<RawFrame> | undefined;
  #ended: Error | undefined;

  constructor(stream: Stream, frame_bytes_max: number) {
    this.#stream = stream;
    this.#reader = new FrameReader(frame_bytes_max);
    stream.addEventListener('close', (event) => this.#end(event.error));
    stream.addEventListener('remoteCloseWrite', () => this.#end(undefined));
    stream.addEventListener('message', ({ data }) => {
      // A list of pieces is read piece by piece: together they would be copied once more.
      if (data instanceof Uint8Array) this.#read(data);
      else for (const piece of data) this.#read(piece);
    });
  }

  /** Bytes that were handed to the stream and have not left it. */
  get unsent_bytes(): number {
    return this.#stream.writeBufferLength;
  }

  get kept_bytes(): number {
    return this.#reader.kept_bytes;
  }

  /** The next frame, before there is a listener. Rejects when the stream ends. */
  next(): Promise<RawFrame> {
    const first = this.#unheard.shift();
    if (first !== undefined) return Promise.resolve(first);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#next = Promise.withResolvers();
    return this.#next.promise;
  }

  /** From now on all frames go there; `onBroken` hears of bytes that are no frames. */
  listen(listener: (frames: readonly RawFrame[]) => void, onBroken: (error: Error) => void): void {
    this.#listener = listener;
    this.#onBroken = onBroken;
    const unheard = this.#unheard;
    this.#unheard = [];
    if (unheard.length > 0) listener(unheard);
  }

  onDrain(listener: () => void): void {
    this.#stream.addEventListener('drain', listener);
  }

  onClose(listener: () => void): void {
    this.#stream.addEventListener('close', listener);
    this.#stream.addEventListener('remoteCloseWrite', listener);
  }

  /** Sends one frame; false: the stream is full until it drains, or gone. */
  send(kind: FrameKind, body: Uint8Array): boolean {
    const bytes = new Uint8Array(FRAME_HEADER_BYTES + body.byteLength);
    bytes.set(frameHeader(kind, body.byteLength));
    bytes.set(body, FRAME_HEADER_BYTES);
    return this.write(bytes);
  }

  /** Sends bytes that are frames already; false: the stream is full until it drains, or gone. */
  write(bytes: Uint8Array): boolean {
    if (this.#stream.writeStatus !== 'writable') return false;
    try {
      return this.#stream.send(bytes);
    } catch {
      // It was closed between the two; its close is heard of apart.
      return false;
    }
  }

  abort(reason: string): void {
    this.#stream.abort(new Error(reason));
  }

  #read(bytes: Uint8Array): void {
    if (this.#ended !== undefined) return;
    let frames: readonly RawFrame[];
    try {
      frames = this.#reader.read(bytes);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error('no frames');
      this.#onBroken?.(reason);
      this.#end(reason);
      this.abort(reason.message);
      return;
    }
    if (this.#listener !== undefined) {
      if (frames.length > 0) this.#listener(frames);
      return;
    }
    this.#unheard.push(...frames);
    this.#unheard_bytes += bytes.byteLength;
    if (this.#unheard_bytes > UNHEARD_BYTES_MAX) this.abort('too much before a hello');
    const next = this.#next;
    if (next === undefined) return;
    const first = this.#unheard.shift();
    if (first === undefined) return;
    this.#next = undefined;
    next.resolve(first);
  }

  #end(error: Error | undefined): void {
    this.#ended ??= error ?? new Error('the stream ended');
    this.#next?.reject(this.#ended);
    this.#next = undefined;
  }
}
