import { createServer, type Server, type Socket } from 'node:net';
import { chmod } from 'node:fs/promises';
import { SpareMemory } from '../engine/spareMemory.ts';
import { Connection } from './connection.ts';
import { WriterDesk, type Desk, type DeskBooks } from './desk.ts';
import type { Gate } from './gate.ts';
import { freeSocketPath, unusable } from './socketPath.ts';

export interface ListenOptions {
  /** A Unix socket, which only its owner may open; or a port on loopback. */
  readonly listen: { readonly path: string } | { readonly port: number };
  /** Most connections at once. */
  readonly connectionsMax?: number;
  /** Most bytes of requests of one connection that are not answered; it is not read meanwhile. */
  readonly openBytesMax?: number;
  /** Whoever has not opened so long after connecting is cut off. */
  readonly openWithin_ms?: number;
}

export interface ServeOptions extends ListenOptions {
  readonly gate: Gate;
}

/** What is served, and to whom. */
export interface Served {
  /** Decides who may open a connection; undefined for whoever may not. */
  open(credentials: Readonly<Record<string, unknown>>): Promise<Desk | undefined>;
  /** When what was begun is safe. */
  settled(): Promise<void>;
}

const CONNECTIONS_MAX = 256;
const OPEN_BYTES_MAX = 8 << 20;
const OPEN_WITHIN_MS = 5_000;

/** Serves a ledger on a socket. */
export class LedgerServer {
  readonly #served: Served;
  readonly #options: ListenOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #bodies = new SpareMemory();

  private constructor(served: Served, options: ListenOptions) {
    this.#served = served;
    this.#options = options;
    // A client that has sent its last still waits for the answers.
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      this.#accept(socket);
    });
  }

  /**
   * Listens.
   * @throws FOLDER_UNUSABLE where the path of the socket is that of something else, or there can be none
   * @throws PORT_TAKEN where another process serves it
   */
  static start(writer: DeskBooks, { gate, ...options }: ServeOptions): Promise<LedgerServer> {
    const open = async (credentials: Readonly<Record<string, unknown>>) => {
      const admission = await gate(credentials);
      return admission === undefined ? undefined : new WriterDesk(writer, admission);
    };
    return LedgerServer.serve({ open, settled: () => writer.settled() }, options);
  }

  /** Listens likewise, for whoever has what is asked done. */
  static async serve(served: Served, options: ListenOptions): Promise<LedgerServer> {
    const server = new LedgerServer(served, options);
    await server.#listen();
    return server;
  }

  async #listen(): Promise<void> {
    const { listen } = this.#options;
    if ('path' in listen) await freeSocketPath(listen.path);
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void =>
        reject('path' in listen ? unusable(listen.path, error) : error);
      this.#server.once('error', refuse);
      const where = 'path' in listen ? listen : { host: '127.0.0.1', port: listen.port };
      this.#server.listen(where, () => {
        this.#server.off('error', refuse);
        resolve();
      });
    });
    // One connection that cannot be accepted is no reason to end the others.
    this.#server.on('error', (error) => {
      process.stderr.write(`The ledger's socket could not take a connection: ${String(error)}\n`);
    });
    if ('path' in listen) await chmod(listen.path, 0o600);
  }

  /** Where it listens. */
  get port(): number | undefined {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? undefined : address.port;
  }

  /** The sockets of its connections: how much came over each, and what waits to be sent. */
  get sockets(): Socket[] {
    return Array.from(this.#connections, ({ socket }) => socket);
  }

  /** Takes no more, answers what it took, and lets everybody go. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    for (const connection of this.#connections) connection.finish();
    // Where the writer failed, those who wait are told so.
    await this.#served.settled().catch(() => undefined);
    for (const connection of this.#connections) connection.letGo();
    await closed;
  }

  /**
   * Makes room for one more where all places are taken: whoever has waited longest without opening goes.
   * @returns false where all have opened
   */
  #makeRoom(): boolean {
    if (this.#connections.size < (this.#options.connectionsMax ?? CONNECTIONS_MAX)) return true;
    for (const connection of this.#connections) {
      if (connection.isOpen) continue;
      this.#connections.delete(connection);
      connection.socket.destroy();
      return true;
    }
    return false;
  }

  #accept(socket: Socket): void {
    if (!this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      open: (credentials) => this.#served.open(credentials),
      openBytesMax: this.#options.openBytesMax ?? OPEN_BYTES_MAX,
      openWithin_ms: this.#options.openWithin_ms ?? OPEN_WITHIN_MS,
      bodies: this.#bodies,
    });
    this.#connections.add(connection);
    connection.socket.on('close', () => this.#connections.delete(connection));
  }
}
