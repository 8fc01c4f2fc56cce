import { createServer, type Server, type Socket } from 'node:net';
import { chmod, rm } from 'node:fs/promises';
import { RECORD_BYTES, readU128, type AccountFilter } from '@anarq/ledger-engine';
import type { BatchAnswer } from '../engine/group.ts';
import { LedgerRefusal } from '../engine/refusal.ts';
import type { LedgerWriter } from '../engine/writer.ts';
import { FrameReader } from './frameReader.ts';
import {
  FrameError,
  FrameKind,
  frameOf,
  jsonBody,
  readJsonBody,
  type FrameHeader,
} from './frames.ts';

/** What a connection may do, decided once when it opens. */
export interface Admission {
  /** Why a batch of transfers or accounts is refused as a whole; undefined where it may go on. */
  check(kind: 'accounts' | 'transfers', records: Uint8Array): string | undefined;
  /** 32 bytes that are kept in the log with each batch: which call brought it. */
  readonly cause?: Uint8Array | undefined;
}

/** Decides who may open a connection. @returns undefined for whoever may not */
export type Gate = (
  credentials: Readonly<Record<string, unknown>>,
) => Promise<Admission | undefined> | Admission | undefined;

export interface ServeOptions {
  /** A Unix socket, which only its owner may open; or a port on loopback. */
  readonly listen: { readonly path: string } | { readonly port: number };
  readonly gate: Gate;
  /** Most connections at once. */
  readonly connectionsMax?: number;
  /** Most bytes of requests of one connection that are not answered; it is not read meanwhile. */
  readonly openBytesMax?: number;
}

const CONNECTIONS_MAX = 256;
const OPEN_BYTES_MAX = 8 << 20;
/** Whoever says nothing for so long after connecting is let go. */
const OPEN_MS_MAX = 5_000;
const IDS_MAX = 8_190;

/** Serves a ledger on a socket. */
export class LedgerServer {
  readonly #writer: LedgerWriter;
  readonly #options: ServeOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(writer: LedgerWriter, options: ServeOptions) {
    this.#writer = writer;
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#accept(socket);
    });
    this.#server.maxConnections = options.connectionsMax ?? CONNECTIONS_MAX;
  }

  static async start(writer: LedgerWriter, options: ServeOptions): Promise<LedgerServer> {
    const server = new LedgerServer(writer, options);
    const { listen } = options;
    // A socket that a killed process left behind; the folder's lock says that no other one serves.
    if ('path' in listen) await rm(listen.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      const where = 'path' in listen ? listen : { host: '127.0.0.1', port: listen.port };
      server.#server.listen(where, resolve);
    });
    if ('path' in listen) await chmod(listen.path, 0o600);
    return server;
  }

  /** Where it listens. */
  get port(): number | undefined {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? undefined : address.port;
  }

  /** Takes no more, and lets everybody go. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    await this.#writer.settled();
    for (const socket of this.#sockets) socket.end();
    setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, 200).unref();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const connection = new Connection(
      socket,
      this.#writer,
      this.#options.gate,
      this.#options.openBytesMax ?? OPEN_BYTES_MAX,
    );
    const reader = new FrameReader((header, body) => {
      connection.take(header, body);
    });
    socket.setTimeout(OPEN_MS_MAX, () => {
      if (!connection.isOpen) socket.destroy();
    });
    socket.on('data', (piece) => {
      try {
        reader.push(piece);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        connection.end(error.message);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** One client: requests are answered in their order. */
class Connection {
  readonly #socket: Socket;
  readonly #writer: LedgerWriter;
  readonly #gate: Gate;
  readonly #openBytesMax: number;
  #admission: Admission | undefined;
  #opening: Promise<Admission | undefined> | undefined;
  /** Nothing more is taken; when all is answered, the connection ends. */
  #isEnding = false;
  #waiting = 0;
  #openBytes = 0;
  /** Answers are sent in the order of their requests. */
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Socket, writer: LedgerWriter, gate: Gate, openBytesMax: number) {
    this.#socket = socket;
    this.#writer = writer;
    this.#gate = gate;
    this.#openBytesMax = openBytesMax;
  }

  get isOpen(): boolean {
    return this.#admission !== undefined;
  }

  take(header: FrameHeader, body: Buffer): void {
    const { request } = header;
    if (this.#isEnding) return;
    this.#waiting++;
    this.#openBytes += body.byteLength;
    if (this.#openBytes > this.#openBytesMax) this.#socket.pause();
    const answer = this.#answerTo(header, body, this.#last).catch((error: unknown) => {
      if (error instanceof LedgerRefusal) return refusal(request, error.code, error.message);
      if (error instanceof FrameError) return refusal(request, 'VALIDATION_FAILED', error.message);
      process.stderr.write(`A request over the ledger's socket failed: ${String(error)}\n`);
      return refusal(request, 'INTERNAL', 'The ledger failed; what happened is in its log.');
    });
    this.#last = this.#send(this.#last, answer, body.byteLength);
  }

  async #send(before: Promise<void>, answer: Promise<Buffer>, bytes: number): Promise<void> {
    const [frame] = await Promise.all([answer, before]);
    this.#openBytes -= bytes;
    this.#waiting--;
    if (this.#socket.isPaused() && this.#openBytes <= this.#openBytesMax / 2) this.#socket.resume();
    if (this.#socket.writable) this.#socket.write(frame);
    if (this.#isEnding && this.#waiting === 0) this.#socket.end();
  }

  /** Answers what came before, says why it ends, and ends. */
  end(message: string): void {
    this.#socket.pause();
    this.#isEnding = true;
    this.#waiting++;
    const answer = Promise.resolve(refusal(0, 'VALIDATION_FAILED', message));
    this.#last = this.#send(this.#last, answer, 0);
  }

  async #answerTo(header: FrameHeader, body: Buffer, before: Promise<void>): Promise<Buffer> {
    const { kind, request } = header;
    if (kind === FrameKind.OPEN) return this.#open(request, body);
    const admission = this.#admission ?? (await this.#opening);
    if (admission === undefined)
      return refusal(request, 'UNAUTHENTICATED', 'Open the connection first.');
    if (kind === FrameKind.CREATE_ACCOUNTS || kind === FrameKind.CREATE_TRANSFERS)
      return this.#create(kind, request, body, admission);
    // A question sees what was asked for before it.
    await before;
    switch (kind) {
      case FrameKind.LOOKUP_ACCOUNTS:
        return this.#found(request, body, (id) => this.#writer.queries.account(id));
      case FrameKind.LOOKUP_TRANSFERS:
        return this.#found(request, body, (id) => this.#writer.queries.transfer(id));
      case FrameKind.ACCOUNT_TRANSFERS: {
        const filter = filterOf(readJsonBody(body));
        return this.#records(request, this.#writer.queries.accountTransfers(filter));
      }
      default:
        return refusal(request, 'VALIDATION_FAILED', `There is no request of kind ${kind}.`);
    }
  }

  async #open(request: number, body: Buffer): Promise<Buffer> {
    if (this.#opening !== undefined)
      return refusal(request, 'STATE_CONFLICT', 'The connection opens once.');
    const credentials = readJsonBody(body);
    this.#opening = Promise.resolve(this.#gate(credentials));
    const admission = await this.#opening;
    if (admission === undefined) {
      this.#isEnding = true;
      return refusal(request, 'UNAUTHENTICATED', 'These credentials open no connection here.');
    }
    this.#admission = admission;
    this.#socket.setTimeout(0);
    return frameOf(FrameKind.OPENED, request, 0, Buffer.alloc(0));
  }

  async #create(
    kind: number,
    request: number,
    body: Buffer,
    { check, cause }: Admission,
  ): Promise<Buffer> {
    const isTransfers = kind === FrameKind.CREATE_TRANSFERS;
    if (body.byteLength % RECORD_BYTES !== 0)
      return refusal(request, 'VALIDATION_FAILED', `Records have ${RECORD_BYTES} bytes.`);
    const why = check(isTransfers ? 'transfers' : 'accounts', body);
    if (why !== undefined) return refusal(request, 'FORBIDDEN', why);
    const answer = await (isTransfers
      ? this.#writer.createTransfers(body, cause)
      : this.#writer.createAccounts(body, cause));
    return resultsFrame(request, answer);
  }

  async #found(
    request: number,
    body: Buffer,
    find: (id: bigint) => Uint8Array | undefined,
  ): Promise<Buffer> {
    if (body.byteLength % 16 !== 0 || body.byteLength > IDS_MAX * 16)
      return refusal(request, 'VALIDATION_FAILED', `At most ${IDS_MAX} ids of 16 bytes.`);
    const words = new Uint32Array(body.buffer, body.byteOffset, body.byteLength / 4);
    const records: Uint8Array[] = [];
    for (let at = 0; at < words.length; at += 4) {
      const record = find(readU128(words, at));
      if (record !== undefined) records.push(record);
    }
    return this.#records(request, records);
  }

  /** What was seen may be told when it is safe. */
  async #records(request: number, records: readonly Uint8Array[]): Promise<Buffer> {
    await this.#writer.settled();
    return frameOf(FrameKind.RECORDS, request, records.length, Buffer.concat(records));
  }
}

const refusal = (request: number, code: string, message: string): Buffer =>
  frameOf(FrameKind.REFUSED, request, 0, jsonBody({ code, message }));

function resultsFrame(request: number, { results, timestamp, ordinal }: BatchAnswer): Buffer {
  let count = 0;
  for (const result of results) if (result !== 0) count++;
  const body = Buffer.allocUnsafe(16 + count * 8);
  body.writeBigUInt64LE(timestamp, 0);
  body.writeBigUInt64LE(BigInt(ordinal), 8);
  let at = 16;
  for (const [index, result] of count === 0 ? [] : results.entries()) {
    if (result === 0) continue;
    body.writeUInt32LE(index, at);
    body.writeUInt32LE(result, at + 4);
    at += 8;
  }
  return frameOf(FrameKind.RESULTS, request, count, body);
}

/** The filter that a client asked for. @throws FrameError where it is none */
function filterOf(asked: Readonly<Record<string, unknown>>): AccountFilter {
  const big = (name: string): bigint => {
    const value = asked[name] ?? '0';
    if (typeof value !== 'string' || !/^\d{1,39}$/.test(value))
      throw new FrameError(`${name} is a whole number in a string`);
    return BigInt(value);
  };
  const small = (name: string, otherwise: number): number => {
    const value = asked[name] ?? otherwise;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new FrameError(`${name} is a whole number below 2^32`);
    return value;
  };
  return {
    accountId: big('accountId'),
    userData128: big('userData128'),
    userData64: big('userData64'),
    userData32: small('userData32', 0),
    code: small('code', 0),
    timestampMin: big('timestampMin'),
    timestampMax: big('timestampMax'),
    limit: Math.min(small('limit', IDS_MAX), IDS_MAX),
    debits: asked['debits'] !== false,
    credits: asked['credits'] !== false,
    isReversed: asked['isReversed'] === true,
  };
}
