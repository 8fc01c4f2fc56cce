import type { Socket } from 'node:net';
import { RECORD_BYTES } from '@anarq/ledger-engine';
import { filterOf, idsIn, recordsFrame, refusal, refusalFor, resultsFrame } from './answers.ts';
import type { SpareMemory } from '../engine/spareMemory.ts';
import type { Asked, Desk } from './desk.ts';
import { FrameReader } from './frameReader.ts';
import {
  BODY_BYTES_MAX,
  FrameError,
  FrameKind,
  frameOf,
  jsonBody,
  readJsonBody,
  UNOPENED_BODY_BYTES_MAX,
  type FrameHeader,
} from './frames.ts';
import { readInto } from './readInto.ts';

interface ConnectionOptions {
  /** Decides who may open; undefined for whoever may not. */
  readonly open: (credentials: Readonly<Record<string, unknown>>) => Promise<Desk | undefined>;
  /** Most bytes of requests that are not answered; nothing is read meanwhile. */
  readonly openBytesMax: number;
  /** Whoever has not opened so long after connecting is cut off. */
  readonly openWithin_ms: number;
  /** Where the bodies of frames lie. */
  readonly bodies: SpareMemory;
}

/** What a request counts at least toward the open bytes: it takes memory beside its body. */
const REQUEST_BYTES_MIN = 4_096;
/** How long whoever is let go may take to read the next answer, and then to hang up. */
const LINGER_MS = 1_000;

/** One client: requests are answered in their order. */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader: FrameReader;
  /** Runs from connecting until it is open, whatever comes in: a byte now and then wins no time. */
  readonly #unopened: NodeJS.Timeout;
  #lingering: NodeJS.Timeout | undefined;
  #desk: Desk | undefined;
  #opening: Promise<Desk | undefined> | undefined;
  /** Nothing more is taken; when all is answered, the connection ends. */
  #isEnding = false;
  #waiting = 0;
  #openBytes = 0;
  /** Answers are sent in the order of their requests. */
  #last: Promise<void> = Promise.resolve();

  constructor(accepted: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#reader = new FrameReader(
      (header, body) => {
        this.#take(header, body);
      },
      UNOPENED_BODY_BYTES_MAX,
      options.bodies,
    );
    const socket = readInto(accepted, {
      room: () => this.#reader.room(),
      filled: (count, room) => {
        this.#hear(() => {
          this.#reader.filled(count, room);
        });
      },
    });
    this.#socket = socket ?? accepted;
    this.#listen(this.#socket);
    this.#unopened = setTimeout(() => this.#socket.destroy(), options.openWithin_ms);
  }

  get socket(): Socket {
    return this.#socket;
  }

  /** Whether its client was let in. */
  get isOpen(): boolean {
    return this.#desk !== undefined;
  }

  #listen(socket: Socket): void {
    // Those that are read into the room of the reader hand nothing over here.
    socket.on('data', (piece) => {
      this.#hear(() => {
        this.#reader.push(piece);
      });
    });
    socket.on('end', () => {
      this.finish();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(this.#unopened);
      clearTimeout(this.#lingering);
    });
  }

  /** Takes no more: what still comes is discarded. Ends when everything taken is answered. */
  finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#socket.resume();
    this.#endWhenAnswered();
  }

  /** Finishes with a client that is not waited for much longer. */
  letGo(): void {
    this.finish();
    this.#lingering ??= setTimeout(() => this.#socket.destroy(), LINGER_MS);
  }

  #hear(read: () => void): void {
    if (this.#isEnding) return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      // Where one frame is none, nobody knows where the next begins.
      this.#sendInTurn(Promise.resolve(refusalFor(0, error)), 0);
      this.letGo();
    }
  }

  #take(header: FrameHeader, body: Buffer): void {
    if (this.#isEnding) return;
    const bytes = Math.max(REQUEST_BYTES_MIN, body.byteLength);
    this.#openBytes += bytes;
    if (this.#openBytes > this.#options.openBytesMax) this.#socket.pause();
    const answer = this.#answerTo(header, body, this.#last).catch((error: unknown) =>
      refusalFor(header.request, error),
    );
    this.#sendInTurn(answer, bytes);
  }

  #sendInTurn(answer: Promise<Buffer>, bytes: number): void {
    this.#waiting++;
    this.#last = this.#send(this.#last, answer, bytes);
  }

  async #send(before: Promise<void>, answer: Promise<Buffer>, bytes: number): Promise<void> {
    const [frame] = await Promise.all([answer, before]);
    if (this.#socket.writable && !this.#socket.write(frame)) await this.#drained();
    this.#lingering?.refresh();
    this.#waiting--;
    this.#openBytes -= bytes;
    if (this.#openBytes <= this.#options.openBytesMax / 2) this.#socket.resume();
    this.#endWhenAnswered();
  }

  /** Waits until the client has read, or is gone; whoever does not read is not read either. */
  #drained(): Promise<void> {
    const socket = this.#socket;
    if (!this.#isEnding) socket.pause();
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  #endWhenAnswered(): void {
    if (this.#isEnding && this.#waiting === 0) this.#socket.end();
  }

  async #answerTo(header: FrameHeader, body: Buffer, before: Promise<void>): Promise<Buffer> {
    const { kind, request } = header;
    if (kind === FrameKind.OPEN) return this.#open(request, body);
    const desk = this.#desk ?? (await this.#opening);
    if (desk === undefined)
      return refusal(request, 'QLOCK_AUTH_FAIL', 'Open the connection first.');
    if (kind === FrameKind.CREATE_ACCOUNTS || kind === FrameKind.CREATE_TRANSFERS)
      return this.#create(kind, request, body, desk);
    // A question sees what was asked for before it; and one answer at a time lies in memory.
    await before;
    if (this.#socket.destroyed) return Buffer.alloc(0);
    const asked = askedIn(kind, body);
    if (asked === undefined)
      return refusal(request, 'OPERATION_UNKNOWN', `There is no request of kind ${kind}.`);
    return recordsFrame(request, await desk.find(asked));
  }

  async #open(request: number, body: Buffer): Promise<Buffer> {
    if (this.#opening !== undefined)
      return refusal(request, 'STATE_CONFLICT', 'The connection opens once.');
    const credentials = readJsonBody(body);
    this.#opening = this.#options.open(credentials);
    const desk = await this.#opening.catch((error: unknown) => {
      this.letGo();
      throw error;
    });
    if (desk === undefined) {
      this.letGo();
      return refusal(request, 'QLOCK_AUTH_FAIL', 'These credentials open no connection here.');
    }
    this.#desk = desk;
    this.#reader.bodyBytesMax = BODY_BYTES_MAX;
    clearTimeout(this.#unopened);
    const greeting = desk.greeting === undefined ? Buffer.alloc(0) : jsonBody(desk.greeting);
    return frameOf(FrameKind.OPENED, request, 0, greeting);
  }

  async #create(kind: number, request: number, body: Buffer, desk: Desk): Promise<Buffer> {
    if (body.byteLength % RECORD_BYTES !== 0)
      return refusal(request, 'INPUT_INVALID', `Records have ${RECORD_BYTES} bytes.`);
    let isDone = false;
    const done = (): void => {
      // Given back twice it would be two others' at once.
      if (!isDone) this.#options.bodies.giveBack(body);
      isDone = true;
    };
    const answer = await (kind === FrameKind.CREATE_TRANSFERS
      ? desk.createTransfers(body, done)
      : desk.createAccounts(body, done));
    return resultsFrame(request, answer);
  }
}

/** What a question is about; undefined where there is no such question. */
function askedIn(kind: number, body: Buffer): Asked | undefined {
  switch (kind) {
    case FrameKind.LOOKUP_ACCOUNTS:
      return { kind: 'accounts', keys: idsIn(body) };
    case FrameKind.LOOKUP_TRANSFERS:
      return { kind: 'transfers', keys: idsIn(body) };
    case FrameKind.ACCOUNT_TRANSFERS:
      return { kind: 'of-account', filter: filterOf(readJsonBody(body)) };
    default:
      return undefined;
  }
}
