import type { OutgoingHttpHeaders } from 'node:http';
import { API_VERSION, errorEntry, HEADERS, type Failure, type Result } from '@anarq/common-schemas';
import type { FastifyReply } from 'fastify';

/** Headers of every answer: what it answers, and that nobody keeps or guesses at it. */
export const commonHeaders = (requestId: string): OutgoingHttpHeaders => ({
  [HEADERS.requestId]: requestId,
  [HEADERS.apiVersion]: API_VERSION,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
});

/** The headers that follow from a result: replayed, when to try again, how to prove oneself. */
export function resultHeaders(result: Result<unknown>): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  if (result.replayed === true) headers[HEADERS.replayed] = 'true';
  // RFC 9111, section 5.1: seconds since the answer was made.
  if (result.status === 'ok' && result.stale !== undefined)
    headers['age'] = String(Math.ceil(result.stale.age_ms / 1_000));
  if (result.status === 'ok') return headers;
  const wait_ms = result.details?.['retryAfter_ms'];
  if (typeof wait_ms === 'number')
    headers['retry-after'] = String(Math.max(1, Math.ceil(wait_ms / 1000)));
  if (result.code === 'RATE_LIMIT_EXCEEDED') Object.assign(headers, limitHeaders(result.details));
  if (statusOf(result) === 401) headers['www-authenticate'] = 'Bearer realm="q"';
  return headers;
}

/** RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers): whose limit, and when again. */
function limitHeaders(details: Failure['details'] = {}): OutgoingHttpHeaders {
  const { scope, quota, window_s, retryAfter_ms } = details;
  if (typeof scope !== 'string' || typeof quota !== 'number' || typeof window_s !== 'number')
    return {};
  const wait_s =
    typeof retryAfter_ms === 'number' ? Math.max(1, Math.ceil(retryAfter_ms / 1000)) : 1;
  return {
    'ratelimit-policy': `"${scope}";q=${quota};w=${window_s}`,
    ratelimit: `"${scope}";r=0;t=${wait_s}`,
  };
}

/** The HTTP status of a result, from the error table; every success is 200. */
const statusOf = (result: Result<unknown>): number =>
  result.status === 'ok' ? 200 : errorEntry(result.code).http;

/** Writes a result in its envelope; a failure has its own request id, and the header repeats it. */
export function sendResult(
  reply: FastifyReply,
  result: Result<unknown>,
  requestId: string,
  status = statusOf(result),
): FastifyReply {
  const headers = commonHeaders(result.status === 'error' ? result.requestId : requestId);
  headers['content-type'] = 'application/json; charset=utf-8';
  // Most results say nothing beside their body.
  if (result.status === 'error' || result.replayed === true || result.stale !== undefined)
    Object.assign(headers, resultHeaders(result));
  return reply.code(status).headers(headers).send(JSON.stringify(result));
}

/** A failure as the bytes of a whole HTTP/1.1 answer, for a socket that has no request yet. */
export function rawAnswer(status: number, reason: string, failure: Failure): string {
  const body = JSON.stringify(failure);
  const headers = {
    ...commonHeaders(failure.requestId),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`;
}
