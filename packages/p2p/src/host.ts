import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Connection, MultiaddrConnection, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { QError } from '@anarq/common-schemas';
import { createLibp2p } from 'libp2p';
import { Announcements, announcementService } from './gossip.ts';
import type { Limits } from './limits.ts';
import { whenPatienceEnds } from './patience.ts';
import { hybridTls } from './tls.ts';
import type { Channel, Channels } from './tls.ts';

const FRAMES_PROTOCOL = '/q/frames/1';
/**
 * What a stream may have under way; above it the sender waits. Yamux begins with an eighth of that, and
 * widens it by round trips that it measures every half minute: too late for a block over an ocean.
 */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** libp2p goes by the clock: where this process has few turns, it may take so many times as long. */
const STARVED_MAX = 4;
const NEVER_MS = 2 ** 31 - 1;

export interface HostTask {
  /** Seed of the Ed25519 key behind the peer id: 32 bytes. */
  readonly seed: Uint8Array;
  /** A multiaddr. */
  readonly listen: string;
  readonly topic: string;
  readonly limits: Limits;
  /** Resolves when the hello of a connection is done: gossip of nobody else is listened to. */
  readonly greeted: (connection: Connection) => Promise<void>;
  /** Every connection, of both directions, before anything is said on it. */
  readonly onConnection: (connection: Connection) => void;
  /** A peer connected and wants to speak. */
  readonly onStream: (stream: Stream, connection: Connection) => void;
  readonly keyOf: (peerId: string) => string | undefined;
  readonly mayAnnounce: (frame: Uint8Array) => boolean;
  readonly onAnnounced: (from: string, frame: Uint8Array) => void;
}

export type Host = Awaited<ReturnType<typeof openHost>>;

/** libp2p over TCP and TLS, without anything that finds, relays or maps by itself. */
export async function openHost(task: HostTask) {
  const { limits } = task;
  const channels: Channels = new WeakMap();
  const node = await createNode(task, channels);
  const roles = { maxInboundStreams: 1, maxOutboundStreams: 1 };
  await node.handle(FRAMES_PROTOCOL, task.onStream, roles);
  node.addEventListener('connection:open', ({ detail }) => task.onConnection(detail));
  const announcements = new Announcements({ ...task, service: node.services.announcements });
  try {
    await node.start();
  } catch (error) {
    refuse(task.listen, error);
  }
  announcements.subscribe();
  const [listening] = node.getMultiaddrs();
  return {
    peerId: node.peerId.toString(),
    /** Where it listens: a multiaddr without the peer id. */
    address: listening?.toString().replace(/\/p2p\/.*$/, '') ?? task.listen,
    announcements,
    channelOf: (connection: Connection): Channel | undefined => channels.get(connection.timeline),
    /** Connects, and opens the stream for hello and frames. Rejects after `dial_ms`. */
    dial: async (address: string): Promise<{ connection: Connection; stream: Stream }> => {
      const late = new AbortController();
      const done = whenPatienceEnds(limits.dial_ms, () => late.abort(new Error('no answer')));
      const { signal } = late;
      try {
        const connection = await node.dial(multiaddr(address), { force: true, signal });
        const stream = await connection.newStream([FRAMES_PROTOCOL], { signal });
        return { connection, stream };
      } finally {
        done();
      }
    },
    stop: async () => {
      await node.stop();
    },
  };
}

/** libp2p says in its message only, and not in a code, why it cannot listen. */
function refuse(listen: string, error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('EADDRINUSE'))
    throw new QError('PORT_TAKEN', `Another program listens on ${listen}.`, {}, { cause: error });
  if (message.includes('EACCES'))
    throw new QError('PORT_TAKEN', `You may not listen on ${listen}.`, {}, { cause: error });
  throw error;
}

async function createNode(task: HostTask, channels: Channels) {
  const { limits } = task;
  const counter = new AddressCounter(limits.connections_per_address_max);
  const streams_max = limits.streams_per_peer_max;
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', task.seed),
    addresses: { listen: [task.listen] },
    transports: [
      tcp({
        outboundSocketInactivityTimeout: NEVER_MS,
        inboundSocketInactivityTimeout: NEVER_MS,
        maxConnections: limits.connections_max,
      }),
    ],
    connectionEncrypters: [hybridTls(channels)],
    streamMuxers: [
      yamux({
        enableKeepAlive: false,
        maxInboundStreams: streams_max,
        maxOutboundStreams: streams_max,
        streamOptions: {
          initialStreamWindowSize: WINDOW_BYTES,
          maxStreamWindowSize: WINDOW_BYTES,
          maxReadBufferLength: 2 * WINDOW_BYTES,
        },
      }),
    ],
    connectionGater: { denyInboundConnection: (connection) => !counter.take(connection) },
    connectionManager: {
      maxConnections: limits.connections_max,
      maxIncomingPendingConnections: limits.hellos_max,
      inboundConnectionThreshold: limits.connections_per_address_max,
      inboundUpgradeTimeout: STARVED_MAX * limits.hello_ms,
      dialTimeout: STARVED_MAX * limits.dial_ms,
      reconnectRetries: 0,
    },
    // Links say themselves whether they live.
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      announcements: announcementService(task.topic, limits, task.greeted),
    },
  });
}

/** Counts the inbound connections of each address. */
class AddressCounter {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether one more is allowed; it is counted until it closes. */
  take(connection: MultiaddrConnection): boolean {
    const host = connection.remoteAddr.toString().split('/')[2] ?? '';
    const open = this.#open.get(host) ?? 0;
    if (open >= this.#max) return false;
    this.#open.set(host, open + 1);
    connection.addEventListener('close', () => this.#give(host), { once: true });
    return true;
  }

  #give(host: string): void {
    const open = this.#open.get(host) ?? 0;
    if (open > 1) this.#open.set(host, open - 1);
    else this.#open.delete(host);
  }
}
