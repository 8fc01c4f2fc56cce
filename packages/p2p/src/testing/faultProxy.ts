import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { readAddress } from '../address.ts';
import { seededRandom } from '../random.ts';

/** Which way is cut: nothing passes, and nothing is lost, as with a cable that is plugged in again. */
export type Cut = 'none' | 'both' | 'toTarget' | 'toClient';

export interface Faults {
  /** Every byte arrives so much later. */
  readonly delay_ms: number;
  /** And up to so much later again, by chance; the order stays. */
  readonly jitter_ms: number;
  /** Each way of each connection; 0: as fast as it goes. */
  readonly bytes_per_s: number;
  readonly cut: Cut;
}

export interface FaultProxyOptions {
  /** Where connections are passed on to: `host:port` or a multiaddr. */
  readonly target: string;
  /** Where it listens; a free port of 127.0.0.1 where nothing is said. */
  readonly listen?: string;
  /** What chance follows from. */
  readonly seed?: number;
  readonly faults?: Partial<Faults>;
}

export interface FaultProxy {
  /** `host:port`. */
  readonly address: string;
  readonly faults: Faults;
  readonly connections: number;
  readonly passed_bytes: number;
  set(faults: Partial<Faults>): void;
  /** Resets every connection there is now; new ones are taken. */
  drop(): void;
  close(): Promise<void>;
}

const noFaults: Faults = { delay_ms: 0, jitter_ms: 0, bytes_per_s: 0, cut: 'none' };
/** Bytes under way in one direction; above it the sender waits. */
const UNDER_WAY_BYTES_MAX = 1024 * 1024;
const CONNECTIONS_MAX = 1_024;

/** A TCP proxy that makes a network bad: late, slow, cut, or gone. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const target = readAddress(options.target);
  const listen = readAddress(options.listen ?? '127.0.0.1:0');
  const random = seededRandom(options.seed ?? 1);
  const pairs = new Set<Pair>();
  let faults = { ...noFaults, ...options.faults };
  let passed_bytes = 0;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const pair = new Pair(client, target, {
      faults: () => faults,
      random,
      passed: (bytes) => {
        passed_bytes += bytes;
      },
      ended: () => pairs.delete(pair),
    });
    pairs.add(pair);
    pair.changed();
  });
  server.maxConnections = CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  const bound = server.address();
  return {
    address: isAddressInfo(bound) ? `${listen.host}:${bound.port}` : '',
    get faults() {
      return faults;
    },
    get connections() {
      return pairs.size;
    },
    get passed_bytes() {
      return passed_bytes;
    },
    set: (changes) => {
      faults = { ...faults, ...changes };
      for (const pair of pairs) pair.changed();
    },
    drop: () => {
      for (const pair of pairs) pair.end();
    },
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const pair of pairs) pair.end();
      return closed;
    },
  };
}

function isAddressInfo(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === 'object' && bound !== null;
}

interface PairContext {
  readonly faults: () => Faults;
  readonly random: () => number;
  readonly passed: (bytes: number) => void;
  readonly ended: () => void;
}

/** A connection of a client, and the one to the target. */
class Pair {
  readonly #client: Socket;
  readonly #address: { readonly host: string; readonly port: number };
  readonly #context: PairContext;
  #target: Socket | undefined;
  #ways: readonly Pipe[] = [];

  constructor(client: Socket, address: { host: string; port: number }, context: PairContext) {
    this.#client = client;
    this.#address = address;
    this.#context = context;
    client.on('error', () => this.end());
    client.on('close', () => this.end());
  }

  /** The faults changed. */
  changed(): void {
    const { cut } = this.#context.faults();
    // Whoever is cut off from the target does not reach it either.
    if (this.#target === undefined && (cut === 'none' || cut === 'toClient')) this.#reach();
    for (const way of this.#ways) way.changed();
  }

  /** Resets both connections. */
  end(): void {
    for (const way of this.#ways) way.stop();
    this.#ways = [];
    this.#client.resetAndDestroy();
    this.#target?.resetAndDestroy();
    this.#context.ended();
  }

  #reach(): void {
    const target = connect({ ...this.#address, noDelay: true });
    this.#target = target;
    this.#client.setNoDelay(true);
    target.on('error', () => this.end());
    target.on('close', () => this.end());
    this.#ways = [
      new Pipe(this.#client, target, 'toTarget', this.#context),
      new Pipe(target, this.#client, 'toClient', this.#context),
    ];
  }
}

/** One way of a pair: bytes leave in their order, each when it is due. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: Cut;
  readonly #context: PairContext;
  readonly #waiting: { readonly bytes: Buffer; readonly due_ms: number }[] = [];
  #waiting_bytes = 0;
  #last_due_ms = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #isBlocked = false;

  constructor(from: Socket, to: Socket, way: Cut, context: PairContext) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#context = context;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => {
      this.#isEnded = true;
      this.#pass();
    });
    to.on('drain', () => {
      this.#isBlocked = false;
      this.#pass();
    });
    from.resume();
  }

  changed(): void {
    this.#pass();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #take(bytes: Buffer): void {
    const { delay_ms, jitter_ms, bytes_per_s } = this.#context.faults();
    const now_ms = performance.now();
    const slow_ms = bytes_per_s > 0 ? (bytes.byteLength * 1_000) / bytes_per_s : 0;
    const late_ms = delay_ms + (jitter_ms > 0 ? jitter_ms * this.#context.random() : 0);
    const due_ms = Math.max(now_ms + late_ms, this.#last_due_ms) + slow_ms;
    this.#last_due_ms = due_ms;
    this.#waiting.push({ bytes, due_ms });
    this.#waiting_bytes += bytes.byteLength;
    if (this.#waiting_bytes > UNDER_WAY_BYTES_MAX) this.#from.pause();
    this.#pass();
  }

  #pass(): void {
    clearTimeout(this.#timer);
    const { cut } = this.#context.faults();
    if (cut === 'both' || cut === this.#way) return;
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined) break;
      if (this.#isBlocked) return;
      const wait_ms = next.due_ms - performance.now();
      if (wait_ms > 0) {
        this.#timer = setTimeout(() => this.#pass(), wait_ms);
        return;
      }
      this.#waiting.shift();
      this.#waiting_bytes -= next.bytes.byteLength;
      this.#context.passed(next.bytes.byteLength);
      this.#isBlocked = !this.#to.write(next.bytes);
      if (this.#waiting_bytes < UNDER_WAY_BYTES_MAX / 2) this.#from.resume();
    }
    if (this.#isEnded) this.#to.end();
  }
}
