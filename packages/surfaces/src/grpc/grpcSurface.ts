import { randomUUID } from 'node:crypto';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2';
import { API_VERSION, fail, HEADERS, QError } from '@anarq/common-schemas';
import type { FieldLock } from '@anarq/derive/proto';
import { createContextValues, type ConnectRouter, type Interceptor } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { factsOf, readHeaders } from '../http/credential.ts';
import { hostJudge } from '../http/guard.ts';
import { peerLimit } from '../http/peerLimit.ts';
import { statusOfError } from './failures.ts';
import { serveHealth } from './health.ts';
import { createReflection } from './reflection.ts';
import { requestKey, requestOf } from './request.ts';
import { grpcServices, routeMethods } from './routes.ts';
import { reflectionMethods, wellKnownFiles } from './wellKnown.ts';

export interface GrpcSurfaceOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Host names, without port, under which the node answers beside the loopback ones. */
  readonly hostNames?: readonly string[];
  readonly origins?: readonly string[];
  /** Certificate chain and key in PEM; then the port speaks TLS 1.3, with HTTP/2 by ALPN. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** The field numbers of each module, by its name. */
  readonly locks: ReadonlyMap<string, FieldLock>;
  /** How long running calls may take to end when the node stops. */
  readonly closeDeadline_ms?: number;
  /** Connections that are open at a time; default 500. */
  readonly connections_max?: number;
  /** Requests of one network address in a second; default 600. */
  readonly requestsPerSecond_max?: number;
  readonly log?: SurfaceLog;
}

export interface GrpcSurface {
  /** For example 'http://127.0.0.1:8081'. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const DEFAULTS = {
  host: '127.0.0.1',
  closeDeadline_ms: 10_000,
  connections_max: 500,
  requestsPerSecond_max: 600,
};

/** A hybrid signature is 4.5 kB of metadata. */
const HEADER_BYTES_MAX = 32_768;
const STREAMS_MAX = 100;
/** A connection without a call is closed after this; clients open another. */
const IDLE_MS = 300_000;
/** The largest message of a sender that does not even claim to be somebody. */
const ANONYMOUS_BYTES_MAX = 65_536;

/**
 * Serves a node over gRPC, gRPC-Web and Connect, with reflection and the health service, on HTTP/2:
 * cleartext with prior knowledge, or TLS.
 * @throws Error when the address is taken, or two types of a module have one name
 */
export async function startGrpcSurface(
  target: CallTarget,
  options: GrpcSurfaceOptions,
): Promise<GrpcSurface> {
  const settings = { ...DEFAULTS, ...options };
  const state = { isClosing: false };
  const stopping = new AbortController();
  const services = grpcServices(target.contracts, settings.locks);
  const reflect = createReflection([...services.files, ...wellKnownFiles]);
  const routesFor = (bytesMax: number) => (router: ConnectRouter) => {
    routeMethods(router, target, services, bytesMax);
    for (const method of reflectionMethods)
      router.rpc(method, async function* answer(requests) {
        for await (const request of requests) yield reflect(request);
      });
    serveHealth(router, target, services.files, stopping.signal);
  };
  const adapterFor = (bytesMax: number) =>
    connectNodeAdapter({
      routes: routesFor(bytesMax),
      interceptors: [admitting(settings.log)],
      readMaxBytes: Math.min(bytesMax, ANONYMOUS_BYTES_MAX),
      // Nothing is compressed: answers hold secrets beside what the caller chose (BREACH).
      acceptCompression: [],
      shutdownSignal: stopping.signal,
      contextValues: (request) =>
        createContextValues().set(requestKey, read(request as Http2ServerRequest)),
    });
  const read = requestReader(settings, state);
  const anonymous = adapterFor(ANONYMOUS_BYTES_MAX);
  const known = adapterFor(Infinity);
  const serving = {
    maxSessionMemory: 16,
    settings: { maxConcurrentStreams: STREAMS_MAX, maxHeaderListSize: HEADER_BYTES_MAX },
  };
  const { tls } = settings;
  const server =
    tls === undefined
      ? createServer(serving)
      : createSecureServer({ ...serving, ...tls, minVersion: 'TLSv1.3' });
  server.on('request', (request, response) => {
    const { headers } = request;
    const isKnown = headers.authorization !== undefined || headers[HEADERS.signature] !== undefined;
    response.setHeader(HEADERS.apiVersion, API_VERSION);
    (isKnown ? known : anonymous)(request, response);
  });
  const sessions = trackSessions(server, settings.connections_max);
  const port = await listen(server, settings.host, settings.port);
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    close: () => {
      state.isClosing = true;
      stopping.abort();
      return closeServer(server, sessions, settings.closeDeadline_ms);
    },
  };
}

/** What every request passes before its method: the guard, and the words of the error table. */
const admitting =
  (log: SurfaceLog | undefined): Interceptor =>
  (next) =>
  async (call) => {
    const request = requestOf(call.contextValues);
    try {
      request.admit();
      const answer = await next(call);
      answer.header.set(HEADERS.requestId, request.requestId);
      return answer;
    } catch (error) {
      throw statusOfError(error, request.requestId, log?.failed?.bind(log));
    }
  };

function requestReader(
  settings: Required<Pick<GrpcSurfaceOptions, 'host' | 'requestsPerSecond_max'>> &
    Pick<GrpcSurfaceOptions, 'hostNames' | 'origins'>,
  state: { readonly isClosing: boolean },
) {
  const judge = hostJudge(settings);
  const waitOf = peerLimit(settings.requestsPerSecond_max);
  return (request: Http2ServerRequest) => {
    const peer = request.socket.remoteAddress ?? '';
    const retryAfter_ms = waitOf(peer);
    return {
      requestId: `req_${randomUUID()}`,
      peer,
      facts: () => factsOf(readHeaders(request.rawHeaders)),
      admit: () => {
        if (retryAfter_ms > 0) fail('RATE_LIMIT_EXCEEDED', undefined, { retryAfter_ms });
        judge({ host: request.authority, origin: request.headers.origin });
        if (state.isClosing)
          throw new QError('SERVICE_UNAVAILABLE', 'The node is stopping.', {
            retryAfter_ms: 1_000,
          });
      },
    };
  };
}

function trackSessions(
  server: Http2Server | Http2SecureServer,
  connections_max: number,
): Set<ServerHttp2Session> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    if (sessions.size >= connections_max) {
      session.destroy();
      return;
    }
    sessions.add(session);
    session.setTimeout(IDLE_MS, () => session.close());
    session.on('error', () => session.destroy());
    session.once('close', () => sessions.delete(session));
  });
  return sessions;
}

function listen(
  server: Http2Server | Http2SecureServer,
  host: string,
  port: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        reject(new Error('The gRPC surface listens on no port.'));
      else resolve(address.port);
    });
  });
}

async function closeServer(
  server: Http2Server | Http2SecureServer,
  sessions: ReadonlySet<ServerHttp2Session>,
  deadline_ms: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  for (const session of sessions) session.close();
  const cut = setTimeout(() => {
    for (const session of sessions) session.destroy();
  }, deadline_ms);
  try {
    await closed;
  } finally {
    clearTimeout(cut);
  }
}
