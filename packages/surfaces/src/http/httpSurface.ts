import { randomUUID } from 'node:crypto';
import { fastify, type FastifyInstance } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { crossOrigin } from './crossOrigin.ts';
import type { OtherSurfaces } from './discovery.ts';
import type { StreamTimes } from '../events/sse.ts';
import type { SocketLimits } from '../websocket/limits.ts';
import { socketRoute } from '../websocket/socketRoute.ts';
import { documentRoutes } from './documents.ts';
import { answerErrors, answerSocketError, sendError } from './failures.ts';
import { graphqlRoute } from './graphqlRoute.ts';
import { eventRoutes } from './events.ts';
import { guardRequests, hostJudge } from './guard.ts';
import { internalRoutes } from './internal.ts';
import { mcpRoute } from './mcpRoute.ts';
import { operationRoutes } from './operations.ts';
import { keepPlaces } from './places.ts';
import { transferRoutes } from './transfer.ts';
import { watchRoutes, type MetricsSource } from './watchRoutes.ts';

export interface HttpSurfaceOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** 0 for any free port; default 8080. */
  readonly port?: number;
  /** Where the node is reached from outside, for documents; default: the Host of the request. */
  readonly publicUrl?: string;
  /** Host names, without port, under which the node answers beside the loopback ones. */
  readonly hostNames?: readonly string[];
  /** Origins of pages elsewhere that may call the node from a browser: 'https://app.example'. */
  readonly origins?: readonly string[];
  /** Certificate chain and key in PEM; then the port speaks TLS 1.3 and nothing less. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Surfaces of the node that listen elsewhere, for its discovery document. */
  readonly others?: OtherSurfaces;
  readonly headersTimeout_ms?: number;
  /** From the first byte of a request to the last of its body. */
  readonly requestTimeout_ms?: number;
  /** How long a connection may be still; default: longer than the longest operation may take. */
  readonly idleTimeout_ms?: number;
  /** How long running calls may take to end when the node stops. */
  readonly closeDeadline_ms?: number;
  /** Connections that are open at a time; default 2,000. */
  readonly connections_max?: number;
  /** Requests of one network address in a second; default 600. */
  readonly requestsPerSecond_max?: number;
  /** Heartbeat and patience of streams; tests set them low. */
  readonly streamTimes?: StreamTimes;
  /** Limits of one WebSocket connection, where they are others than the default ones. */
  readonly socketLimits?: Partial<SocketLimits>;
  readonly log?: SurfaceLog;
  /** Served at /metrics, where it is given. */
  readonly metrics?: MetricsSource;
}

export interface HttpSurface {
  /** For example 'http://127.0.0.1:8080'. */
  readonly url: string;
  readonly port: number;
  /** Takes no more calls, lets those under way end, and cuts what is left at the deadline. */
  close(): Promise<void>;
}

interface Settings extends HttpSurfaceOptions {
  readonly host: string;
  readonly port: number;
  readonly headersTimeout_ms: number;
  readonly requestTimeout_ms: number;
  readonly idleTimeout_ms?: number;
  readonly closeDeadline_ms: number;
  readonly connections_max: number;
  readonly requestsPerSecond_max: number;
}

const DEFAULTS = {
  host: '127.0.0.1',
  port: 8080,
  headersTimeout_ms: 10_000,
  requestTimeout_ms: 120_000,
  closeDeadline_ms: 10_000,
  connections_max: 2_000,
  requestsPerSecond_max: 600,
};

/** A hybrid signature is a header of 4.5 kB; two of them, a grant and the rest fit. */
const HEADER_BYTES_MAX = 32_768;
/** Paths carry DIDs and keys. */
const PATH_MEMBER_CHARS_MAX = 2_048;
/** Longer than the minute for which proxies and clients keep a connection: they close it, not we under a call. */
const KEEP_ALIVE_MS = 72_000;
const IDLE_MIN_MS = 120_000;
const IDLE_MARGIN_MS = 30_000;

/**
 * Serves a node over HTTP: a route for each operation, /mcp, /transfer, and the documents.
 * @throws Error when the address is taken, or two contracts claim one route
 */
export async function startHttpSurface(
  target: CallTarget,
  options: HttpSurfaceOptions = {},
): Promise<HttpSurface> {
  const settings: Settings = { ...DEFAULTS, ...options };
  const state = { isClosing: false };
  const app = createApp(settings, target);
  guardRequests(app, settings, state);
  crossOrigin(app, settings.origins ?? [], settings.tls !== undefined);
  answerErrors(app, target, settings.log);
  operationRoutes(app, target);
  transferRoutes(app, target, settings.log);
  internalRoutes(app, target);
  const scheme = settings.tls === undefined ? 'http' : 'https';
  documentRoutes(app, target, {
    urlOf: (name) => settings.publicUrl ?? `${scheme}://${name ?? 'localhost'}`,
    others: settings.others ?? {},
  });
  graphqlRoute(app, target, settings.log);
  watchRoutes(app, target, settings);
  const endStreams = eventRoutes(app, target, {
    times: settings.streamTimes ?? {},
    log: settings.log,
  });
  const endSockets = socketRoute(app, target, {
    judge: hostJudge(settings),
    isClosing: () => state.isClosing,
    limits: settings.socketLimits ?? {},
    log: settings.log,
  });
  const closeMcp = mcpRoute(app, target, settings.log);
  // Bound to one address: 'localhost' may mean two, and two servers.
  const host = settings.host === 'localhost' ? '127.0.0.1' : settings.host;
  await app.listen({ host, port: settings.port });
  const port = portOf(app);
  return {
    port,
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: async () => {
      state.isClosing = true;
      endStreams();
      await Promise.all([
        endSockets(settings.closeDeadline_ms),
        closeServer(app, settings.closeDeadline_ms),
        closeMcp(settings.closeDeadline_ms),
      ]);
    },
  };
}

function createApp(settings: Settings, target: CallTarget): FastifyInstance {
  const serving = {
    // The guard asks for it, and answers in the envelope.
    requireHostHeader: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: settings.headersTimeout_ms,
    requestTimeout: settings.requestTimeout_ms,
    connectionsCheckingInterval: Math.min(1_000, settings.headersTimeout_ms),
  };
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: () => `req_${randomUUID()}`,
    requestTimeout: settings.requestTimeout_ms,
    connectionTimeout: settings.idleTimeout_ms ?? idleTimeoutFor(target),
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...(settings.tls === undefined
      ? { http: serving }
      : { https: { ...serving, ...settings.tls, minVersion: 'TLSv1.3' as const } }),
    // Contracts validate what comes and what goes; the compilers of the framework stay unloaded.
    schemaController: {
      compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
    },
    routerOptions: { maxParamLength: PATH_MEMBER_CHARS_MAX },
    clientErrorHandler: answerSocketError,
    frameworkErrors: (error, request, reply) => {
      sendError(error, request, reply, settings.log);
    },
    // A server of TLS is one of HTTP behind it; the routes see no difference.
  }) as FastifyInstance;
  keepPlaces(app.server, settings.connections_max);
  // An expectation that is not known may be ignored (RFC 9110 section 10.1.1).
  app.server.on('checkExpectation', (request, response) =>
    app.server.emit('request', request, response),
  );
  // Bodies are read by the routes themselves, each under the limit of its operation.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  return app;
}

/** No route of this surface carries a schema of the framework's own. */
const noSchemas = () => () => {
  throw new Error('Contracts describe the routes, not schemas of the framework.');
};

/** A connection is still while its call runs; only beyond that is it abandoned. */
function idleTimeoutFor({ contracts }: CallTarget): number {
  const limits_ms = contracts.flatMap((contract) =>
    Object.values(contract.operations).map(({ limits }) => limits.timeout_ms),
  );
  return Math.max(IDLE_MIN_MS, ...limits_ms.map((limit_ms) => limit_ms + IDLE_MARGIN_MS));
}

function portOf(app: FastifyInstance): number {
  const address = app.server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The HTTP surface listens on no port.');
  return address.port;
}

async function closeServer(app: FastifyInstance, deadline_ms: number): Promise<void> {
  // A connection whose last answer went out after the close began is idle only from then on.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 50);
  const cut = setTimeout(() => app.server.closeAllConnections(), deadline_ms);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}
