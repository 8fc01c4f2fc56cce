import type { TLSSocket } from 'node:tls';
import { connect, TLSSocket as Socket } from 'node:tls';
import type {
  ConnectionEncrypter,
  MessageStream,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  Upgrader,
} from '@libp2p/interface';
import {
  generateCertificate,
  toMessageStream,
  toNodeDuplex,
  verifyPeerCertificate,
} from '@libp2p/tls/utils';

/** RFC 8446 with the hybrid key agreement of draft-ietf-tls-ecdhe-mlkem: both must be broken to read. */
const GROUP = 'X25519MLKEM768';
const EXPORTER_LABEL = 'EXPORTER-q-p2p-hello-v1';
const EXPORTED_BYTES = 32;
/** libp2p's name of a connection whose multiplexer is agreed on later. */
const NO_MUXER = 'libp2p';

/** The TLS connection under a libp2p connection. */
export interface Channel {
  /** The key agreement that was negotiated; a server is not told by Node, and offers one only. */
  readonly group: string;
  /** 32 bytes that only the two ends of this connection know. */
  readonly binding: Uint8Array;
  /** Reads no more from the socket until `resume`; the other end fills its buffers and waits. */
  pause(): void;
  resume(): void;
  /** Told how many bytes came, before they are looked at. */
  onBytes(listener: (bytes: number) => void): void;
}

/** Channels by the timeline of their connection: the one object that TLS and libp2p both show. */
export type Channels = WeakMap<object, Channel>;

interface Components {
  readonly privateKey: PrivateKey;
  readonly upgrader: Upgrader;
}

/**
 * libp2p's TLS 1.3 (`/tls/1.0.0`), with libp2p's own certificates, that offers and accepts hybrid
 * key agreement only: a peer that cannot do it is not connected to.
 */
export function hybridTls(channels: Channels): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const secure = async (
      connection: MessageStream,
      isServer: boolean,
      options?: SecureConnectionOptions,
    ): Promise<SecuredConnection> => {
      const muxers = components.upgrader.getStreamMuxers();
      const offered = options?.skipStreamMuxerNegotiation === true ? [] : [...muxers.keys()];
      const settings = {
        ...(await generateCertificate(components.privateKey, options)),
        isServer,
        minVersion: 'TLSv1.3' as const,
        maxVersion: 'TLSv1.3' as const,
        ecdhCurve: GROUP,
        // Certificates are self-signed: the key in them is what is checked, below.
        rejectUnauthorized: false,
        requestCert: true,
      };
      const duplex = toNodeDuplex(connection);
      const socket = isServer
        ? new Socket(duplex, {
            ...settings,
            ALPNCallback: ({ protocols }) =>
              protocols.find((name) => offered.includes(name)) ??
              protocols.find((name) => name === NO_MUXER),
          })
        : connect({ socket: duplex, ...settings, ALPNProtocols: [...offered, NO_MUXER] });
      duplex.on('error', (error) => socket.destroy(error));
      await handshake(socket, connection, options?.signal);
      const group = isServer ? GROUP : negotiatedGroup(socket);
      if (group !== GROUP) throw new Error(`TLS negotiated ${group}, and not ${GROUP}`);
      const remotePeer = await verifyPeerCertificate(
        socket.getPeerCertificate().raw,
        options?.remotePeer,
      );
      const stream = toMessageStream(connection, socket);
      channels.set(connection.timeline, channelOf(socket, group));
      const streamMuxer = socket.alpnProtocol ? muxers.get(socket.alpnProtocol) : undefined;
      return { remotePeer, connection: stream, ...(streamMuxer && { streamMuxer }) };
    };
    return {
      protocol: '/tls/1.0.0',
      secureInbound: (connection, options) => secure(connection, true, options),
      secureOutbound: (connection, options) => secure(connection, false, options),
    };
  };
}

function handshake(
  socket: TLSSocket,
  connection: MessageStream,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.destroy();
      connection.abort(error);
      reject(error);
    };
    const late = () => failed(new Error('the TLS handshake took too long'));
    const closed = () => failed(new Error('the connection closed during the TLS handshake'));
    // This one stays: an error after the handshake ends the connection, too.
    socket.on('error', failed);
    socket.once('close', closed);
    signal?.addEventListener('abort', late, { once: true });
    socket.once('secure', () => {
      signal?.removeEventListener('abort', late);
      socket.off('close', closed);
      resolve();
    });
  });
}

/** Node says it at the client's end only. */
function negotiatedGroup(socket: TLSSocket): string {
  const info: object | null = socket.getEphemeralKeyInfo();
  const name: unknown = info === null ? undefined : Reflect.get(info, 'name');
  return typeof name === 'string' ? name : 'an unknown key agreement';
}

function channelOf(socket: TLSSocket, group: string): Channel {
  const none = Buffer.alloc(0);
  return {
    group,
    binding: new Uint8Array(socket.exportKeyingMaterial(EXPORTED_BYTES, EXPORTER_LABEL, none)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    onBytes: (listener) => socket.on('data', (chunk: Buffer) => listener(chunk.byteLength)),
  };
}
