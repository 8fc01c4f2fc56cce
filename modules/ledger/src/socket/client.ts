import { connect, type Socket } from 'node:net';
import { RECORD_BYTES, type AccountFilter } from '@anarq/ledger-engine';
import { FrameReader } from './frameReader.ts';
import {
  BODY_BYTES_MAX,
  FRAME_BYTES,
  FrameKind,
  jsonBody,
  readJsonBody,
  writeHeader,
  type FrameHeader,
} from './frames.ts';

/** What became of a batch. */
export interface BatchResults {
  /** Time of the last event, in nanoseconds. */
  readonly timestamp: bigint;
  /** Ordinal of the first event in the ledger's log. */
  readonly ordinal: number;
  /** The events that were refused: their index, and a number of ACCOUNT_RESULTS or TRANSFER_RESULTS. */
  readonly refused: readonly { readonly index: number; readonly result: number }[];
}

/** The ledger refused a request as a whole: nothing of it happened. */
export class LedgerRequestRefused extends Error {
  override readonly name = 'LedgerRequestRefused';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection ended before the answer came: what was sent may have happened. Ids make it safe to send again. */
export class LedgerDisconnected extends Error {
  override readonly name = 'LedgerDisconnected';
}

interface Waiting {
  readonly resolve: (frame: { header: FrameHeader; body: Buffer }) => void;
  readonly reject: (error: Error) => void;
}

export type LedgerAddress = { readonly path: string } | { readonly port: number };

/**
 * A connection to a ledger's socket. Requests may be sent without waiting for the answers of those
 * before; they are applied in their order.
 */
export class LedgerClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #greeting: Readonly<Record<string, unknown>> = {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader((header, body) => {
      const waiting = this.#waiting.get(header.request);
      this.#waiting.delete(header.request);
      waiting?.resolve({ header, body });
    }, BODY_BYTES_MAX);
    socket.on('data', (piece) => {
      try {
        reader.push(piece);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const ended = new LedgerDisconnected('the connection to the ledger ended');
      for (const { reject } of this.#waiting.values()) reject(ended);
      this.#waiting.clear();
    });
  }

  /**
   * Connects, and opens with what the server's gate asks for.
   * @throws LedgerRequestRefused where it lets nobody in with that
   */
  static async connect(address: LedgerAddress, credentials: object): Promise<LedgerClient> {
    const socket = connect('path' in address ? address : { host: '127.0.0.1', ...address });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new LedgerClient(socket);
    try {
      const { body } = await client.#request(FrameKind.OPEN, 0, jsonBody(credentials));
      if (body.byteLength > 0) client.#greeting = readJsonBody(body);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return client;
  }

  /** What the server said when it opened: of a node, `tenant` and `subject`. */
  get greeting(): Readonly<Record<string, unknown>> {
    return this.#greeting;
  }

  /** Opens accounts: records of 128 bytes. */
  createAccounts = (records: Uint8Array): Promise<BatchResults> =>
    this.#create(FrameKind.CREATE_ACCOUNTS, records);

  /** Creates transfers: records of 128 bytes. */
  createTransfers = (records: Uint8Array): Promise<BatchResults> =>
    this.#create(FrameKind.CREATE_TRANSFERS, records);

  /** The records of accounts that there are. @param ids 16 bytes each */
  lookupAccounts = (ids: Uint8Array): Promise<Uint8Array[]> =>
    this.#records(FrameKind.LOOKUP_ACCOUNTS, ids);

  /** The records of transfers that there are. */
  lookupTransfers = (ids: Uint8Array): Promise<Uint8Array[]> =>
    this.#records(FrameKind.LOOKUP_TRANSFERS, ids);

  /** Transfers of an account, in the order of time. */
  accountTransfers = (filter: AccountFilter): Promise<Uint8Array[]> =>
    this.#records(
      FrameKind.ACCOUNT_TRANSFERS,
      Buffer.from(
        JSON.stringify(filter, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ),
      ),
    );

  /** Ends the connection. What was sent is still answered. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
    this.#socket.end();
    await closed;
  }

  async #create(kind: number, records: Uint8Array): Promise<BatchResults> {
    const { header, body } = await this.#request(kind, records.byteLength / RECORD_BYTES, records);
    return {
      timestamp: body.readBigUInt64LE(0),
      ordinal: Number(body.readBigUInt64LE(8)),
      refused: Array.from({ length: header.count }, (_, index) => ({
        index: body.readUInt32LE(16 + index * 8),
        result: body.readUInt32LE(20 + index * 8),
      })),
    };
  }

  async #records(kind: number, asked: Uint8Array): Promise<Uint8Array[]> {
    const { header, body } = await this.#request(kind, 0, asked);
    return Array.from(
      { length: header.count },
      (_, index) => new Uint8Array(body.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES)),
    );
  }

  async #request(
    kind: number,
    count: number,
    body: Uint8Array,
  ): Promise<{ header: FrameHeader; body: Buffer }> {
    const request = this.#next++;
    const answer = new Promise<{ header: FrameHeader; body: Buffer }>((resolve, reject) => {
      if (this.#socket.destroyed || !this.#socket.writable)
        reject(new LedgerDisconnected('the connection to the ledger ended'));
      else this.#waiting.set(request, { resolve, reject });
    });
    const head = Buffer.allocUnsafe(FRAME_BYTES);
    writeHeader(head, 0, { kind, request, count }, body);
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(body);
    this.#socket.uncork();
    const frame = await answer;
    if (frame.header.kind !== FrameKind.REFUSED) return frame;
    const { code, message } = readJsonBody(frame.body);
    throw new LedgerRequestRefused(String(code), String(message));
  }
}
