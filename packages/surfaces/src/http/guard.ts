import type { ServerResponse } from 'node:http';
import { fail, QError } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { SurfaceLog } from '../callTarget.ts';
import { readHeaders, type CallHeaders } from './credential.ts';
import { peerLimit } from './peerLimit.ts';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether an address to listen on can be reached from this machine only. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

declare module 'fastify' {
  interface FastifyRequest {
    /** The headers that count, as the guard read them. */
    callHeaders: CallHeaders | undefined;
  }
}

interface GuardSettings {
  readonly host: string;
  readonly hostNames?: readonly string[];
  readonly origins?: readonly string[];
  readonly requestsPerSecond_max: number;
  readonly log?: SurfaceLog;
}

/**
 * What holds for every request, whatever its route: it is not one of too many, it means this node, it
 * comes from no foreign page, the node is not stopping, and the log gets one line for it.
 */
export function guardRequests(
  app: FastifyInstance,
  settings: GuardSettings,
  state: { readonly isClosing: boolean },
): void {
  const judge = hostJudge(settings);
  const waitOf = peerLimit(settings.requestsPerSecond_max);
  app.decorateRequest('callHeaders', undefined);
  app.addHook('onRequest', (request, reply, next) => {
    writeLine(request, reply.raw, settings.log);
    // Other processes of this node bring the calls of everybody; a greeting is counted.
    const isPaired = request.raw.url === '/internal/ask';
    const retryAfter_ms = isPaired ? 0 : waitOf(request.ip);
    if (retryAfter_ms > 0) fail('RATE_LIMIT_EXCEEDED', undefined, { retryAfter_ms });
    // Throws where a header that counts stands twice: Host and Origin below are then the only ones.
    request.callHeaders = readHeaders(request.raw.rawHeaders);
    if (request.headers.host === undefined) fail('INPUT_MALFORMED', 'The Host header is missing.');
    judge(request.headers);
    if (state.isClosing) {
      reply.header('connection', 'close');
      throw new QError('SERVICE_UNAVAILABLE', 'The node is stopping.', { retryAfter_ms: 1_000 });
    }
    next();
  });
  app.addHook('onSend', (_request, reply, payload, next) => {
    if (state.isClosing) reply.header('connection', 'close');
    next(null, payload);
  });
}

interface Names {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
}

/**
 * Judges whom a request means and where it comes from.
 * @returns what throws HOST_REFUSED for a request that means another host, or comes from a page of
 * another origin
 */
export function hostJudge(settings: Pick<GuardSettings, 'host' | 'hostNames' | 'origins'>) {
  const names = new Set([
    ...LOOPBACK_NAMES,
    ...(settings.hostNames ?? []).map((name) => name.toLowerCase()),
  ]);
  const isGuarded = isLoopback(settings.host) || settings.hostNames !== undefined;
  const origins = new Set(settings.origins);
  return (given: Names): void => {
    if (isGuarded) checkHost(given, names);
    if (given.origin === undefined || !origins.has(given.origin)) checkOrigin(given, names);
  };
}

/** Against DNS rebinding: a page under a foreign name must not speak to a node on this machine. */
function checkHost({ host }: Names, names: ReadonlySet<string>): void {
  const name = hostName(host);
  if (name === undefined || !names.has(name))
    fail('HOST_REFUSED', 'The Host header names another machine than this node.');
}

/** A page may call the node it was loaded from, and one of this machine any node here. */
function checkOrigin({ origin, host }: Names, names: ReadonlySet<string>): void {
  if (origin === undefined) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !(url.host === host?.toLowerCase() || names.has(url.hostname)))
    fail('HOST_REFUSED', 'Pages of another origin may not call this node.');
}

/** The name of a Host header without its port; undefined for anything else (RFC 9110 section 7.2). */
function hostName(host: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?$/i.exec(host ?? '')?.[1]?.toLowerCase();
}

function writeLine(
  request: FastifyRequest,
  response: ServerResponse,
  log: SurfaceLog | undefined,
): void {
  if (log?.served === undefined) return;
  const begun_ms = performance.now();
  response.once('close', () => {
    log.served?.({
      requestId: request.id,
      method: request.method,
      route: request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown'),
      status: response.headersSent ? response.statusCode : 0,
      duration_ms: performance.now() - begun_ms,
      requestBytes: Number(request.headers['content-length'] ?? 0),
      responseBytes: Number(response.getHeader('content-length') ?? 0),
    });
  });
}
