import { randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Connection, Stream } from '@libp2p/interface';
import { FrameStream } from './frameStream.ts';
import { exchangeHello, HelloRefused } from './handshake.ts';
import type { Refusal } from './handshake.ts';
import { PROTOCOL_VERSION } from './hello.ts';
import type { HelloRole } from './hello.ts';
import type { Limits } from './limits.ts';
import { whenPatienceEnds } from './patience.ts';
import type { Channel } from './tls.ts';

/** What comes on a connection before its hello is done. */
const STRANGER_BYTES_MAX = 256 * 1024;

export interface GreeterTask {
  readonly key: KeyObject;
  readonly publicKeyBytes: Uint8Array;
  readonly chainId: Uint8Array;
  readonly limits: Limits;
  /** libp2p's own peer id; undefined before the host is open. */
  readonly ownPeerId: () => string | undefined;
  readonly channelOf: (connection: Connection) => Channel | undefined;
  /** The last word on a peer whose signature holds. */
  readonly judge: (publicKey: string, role: HelloRole) => Refusal | undefined;
}

/** A peer whose hello is done. */
export interface Greeted {
  readonly publicKey: string;
  readonly peerId: string;
  readonly address: string;
  readonly role: HelloRole;
  readonly frames: FrameStream;
  readonly channel: Channel;
  /** Ends the connection; `isSaid`: the other side was told why, and has a moment to read it. */
  readonly hangUp: (reason: string, isSaid: boolean) => void;
}

/** Sees to it that a connection says who it is, soon and briefly, or ends. */
export class Greeter {
  readonly #task: GreeterTask;
  readonly #met = new WeakMap<Connection, PromiseWithResolvers<void>>();
  #hellos = 0;

  constructor(task: GreeterTask) {
    this.#task = task;
  }

  /** Resolves when the hello of this connection is done. */
  greeted(connection: Connection): Promise<void> {
    return this.#met.get(connection)?.promise ?? Promise.reject(new Error('no connection'));
  }

  /** A connection of either direction, before anything is said on it. */
  meet(connection: Connection): void {
    const { limits, channelOf } = this.#task;
    const greeting = Promise.withResolvers<void>();
    this.#met.set(connection, greeting);
    const done = whenPatienceEnds(limits.hello_ms, () => connection.abort(new Error('no hello')));
    let isStranger = true;
    const known = () => {
      isStranger = false;
      done();
    };
    greeting.promise.then(known, known);
    connection.addEventListener('close', () => greeting.reject(new Error('closed')));
    let strange_bytes = 0;
    channelOf(connection)?.onBytes((bytes) => {
      if (!isStranger) return;
      strange_bytes += bytes;
      if (strange_bytes > STRANGER_BYTES_MAX)
        connection.abort(new Error('too much before a hello'));
    });
  }

  /**
   * Says hello on this stream. `take` has the peer before anything else is read from it. Rejects,
   * and ends the connection, where it is refused.
   */
  async greet(
    stream: Stream,
    connection: Connection,
    role: HelloRole,
    expected: string | undefined,
    take: (peer: Greeted) => void,
  ): Promise<void> {
    const hangUp = (reason: string, isSaid: boolean) => end(connection, reason, isSaid);
    try {
      if (this.#hellos >= this.#task.limits.hellos_max) throw new Error('too many hellos');
      this.#hellos++;
      const peer = await this.#exchange(stream, connection, role, expected).finally(
        () => this.#hellos--,
      );
      take({ ...peer, role, hangUp });
      this.#met.get(connection)?.resolve();
    } catch (error) {
      hangUp('refused', error instanceof HelloRefused && !error.byPeer);
      throw error;
    }
  }

  async #exchange(
    stream: Stream,
    connection: Connection,
    role: HelloRole,
    expected: string | undefined,
  ): Promise<Omit<Greeted, 'role' | 'hangUp'>> {
    const { key, chainId, publicKeyBytes, limits, judge } = this.#task;
    const ownPeerId = this.#task.ownPeerId();
    const channel = this.#task.channelOf(connection);
    if (ownPeerId === undefined || channel === undefined) throw new Error('no connection of ours');
    const frames = new FrameStream(stream, limits.frame_bytes_max);
    const peerId = connection.remotePeer.toString();
    const greeting = await exchangeHello({
      frames,
      role,
      key,
      greeting: {
        version: PROTOCOL_VERSION,
        chainId,
        publicKey: publicKeyBytes,
        nonce: new Uint8Array(randomBytes(32)),
      },
      ownPeerId,
      remotePeerId: peerId,
      channel: channel.binding,
      expected: expected === undefined ? undefined : new Uint8Array(Buffer.from(expected, 'hex')),
      admit: (publicKey) => judge(hexOf(publicKey), role),
    });
    return {
      publicKey: hexOf(greeting.publicKey),
      peerId,
      address: connection.remoteAddr.toString().replace(/\/p2p\/.*$/, ''),
      frames,
      channel,
    };
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** How long the other side has to read why, and to close. */
const LINGER_MS = 300;

/** Ends a connection: at once, or when the other side has read what was said last. */
function end(connection: Connection, reason: string, isSaid: boolean): void {
  const abort = () => connection.abort(new Error(reason));
  if (!isSaid) {
    connection.close({ signal: AbortSignal.timeout(LINGER_MS) }).catch(abort);
    return;
  }
  const timer = setTimeout(abort, LINGER_MS);
  connection.addEventListener('close', () => clearTimeout(timer), { once: true });
}
