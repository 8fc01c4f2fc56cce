import { connect, type Socket } from 'node:net';
import { FrameReader } from '../../src/socket/frameReader.ts';
import {
  BODY_BYTES_MAX,
  FrameKind,
  frameOf,
  jsonBody,
  type FrameHeader,
} from '../../src/socket/frames.ts';
import { SECRET } from '../servedLedger.ts';
import type { Random } from './random.ts';

export interface Answer {
  readonly header: FrameHeader;
  readonly body: Buffer;
}

/** How many bytes a client writes at a time: around what a room for small frames, and a kernel, take. */
const PIECES = [1, 31, 32, 33, 4_096, 65_503, 65_536, 100_000, 300_000] as const;
const PIECES_IN_A_ROW = 4;

/** A client that sends its frames in pieces of any length, and reads its answers when it likes. */
export class ChoppedClient {
  readonly #socket: Socket;
  readonly #random: Random;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #requests = 0;
  /** Frames are sent one after another. */
  #last: Promise<void> = Promise.resolve();

  private constructor(socket: Socket, random: Random) {
    this.#socket = socket;
    this.#random = random;
    const reader = new FrameReader((header, body) => {
      this.#waiting.get(header.request)?.({ header, body });
      this.#waiting.delete(header.request);
    }, BODY_BYTES_MAX);
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      reader.push(piece);
      if (random.isOneIn(4)) this.#readLater();
    });
  }

  static async open(path: string, random: Random): Promise<ChoppedClient> {
    const socket = connect(path);
    await new Promise((resolve) => socket.once('connect', resolve));
    const client = new ChoppedClient(socket, random);
    await client.ask(FrameKind.OPEN, 0, jsonBody({ secret: SECRET }));
    return client;
  }

  /** Sends a frame, and waits for its answer. Those that are sent first are answered first. */
  ask(kind: number, count: number, body: Uint8Array): Promise<Answer> {
    const request = ++this.#requests;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(request, resolve));
    const frame = frameOf(kind, request, count, body);
    this.#last = this.#last.then(() => this.#send(frame));
    return answer;
  }

  /** Sends a part of a frame after all others, and is gone. */
  async breakOff(kind: number, count: number, body: Uint8Array): Promise<void> {
    const frame = frameOf(kind, ++this.#requests, count, body);
    this.#last = this.#last.then(() =>
      this.#send(frame.subarray(0, 1 + this.#random.below(frame.byteLength - 1))),
    );
    await this.#last;
    this.#socket.destroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #send(frame: Buffer): Promise<void> {
    for (let at = 0, piece = 1; at < frame.byteLength; piece++) {
      const length = this.#random.of(PIECES);
      this.#socket.write(Buffer.from(frame.subarray(at, at + length)));
      at += length;
      if (piece % PIECES_IN_A_ROW === 0) await turns(1);
    }
  }

  #readLater(): void {
    this.#socket.pause();
    void turns(1 + this.#random.below(20)).then(() => this.#socket.resume());
  }
}

/** So many turns of the loop, in which everybody else goes on. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
