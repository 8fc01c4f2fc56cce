import { HEADERS } from '@anarq/common-schemas';
import type { FastifyInstance } from 'fastify';

/** What a page may send and read: the headers of a call. Cookies are none of them. */
const SENT = [
  HEADERS.identity,
  HEADERS.subIdentity,
  HEADERS.consent,
  HEADERS.signature,
  HEADERS.timestamp,
  HEADERS.apiVersion,
  HEADERS.subject,
  HEADERS.idempotencyKey,
  'authorization',
  'content-type',
  'range',
  'x-content-sha256',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'traceparent',
].join(', ');
const READ = [
  HEADERS.requestId,
  HEADERS.apiVersion,
  HEADERS.replayed,
  'retry-after',
  'deprecation',
  'sunset',
  'link',
  'etag',
  'content-range',
].join(', ');
declare module 'fastify' {
  interface FastifyContextConfig {
    readonly isThroughReply?: boolean;
  }
}

/**
 * Of a route whose answers all go out through the reply. Others write some on the raw answer, as MCP
 * does, and need their headers there; where there are any, Node sets every further one by one.
 */
export const THROUGH_REPLY = { isThroughReply: true } as const;

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const PREFLIGHT_S = 600;

/**
 * The headers that browsers judge by. A page of another origin reads answers only where the operator
 * named that origin (Fetch Standard, CORS protocol); nothing that the node answers is a page, may be
 * framed, or sends its address on.
 * @param origins as a browser writes them: 'https://app.example'
 */
export function crossOrigin(
  app: FastifyInstance,
  origins: readonly string[],
  isSecure: boolean,
): void {
  const allowed = new Set(origins);
  const always: Readonly<Record<string, string>> = {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    ...(isSecure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
    ...(allowed.size === 0 ? {} : { vary: 'origin' }),
  };
  app.addHook('onRequest', (request, reply, next) => {
    const { origin } = request.headers;
    const isAllowed = origin !== undefined && allowed.has(origin);
    const headers = isAllowed
      ? {
          ...always,
          'access-control-allow-origin': origin,
          'access-control-expose-headers': READ,
        }
      : always;
    if (request.routeOptions.config?.isThroughReply === true) reply.headers(headers);
    else for (const [name, value] of Object.entries(headers)) reply.raw.setHeader(name, value);
    const isPreflight =
      request.method === 'OPTIONS' &&
      request.headers['access-control-request-method'] !== undefined;
    if (!isAllowed || !isPreflight) return next();
    reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': SENT,
        'access-control-max-age': String(PREFLIGHT_S),
      })
      .send();
  });
}
