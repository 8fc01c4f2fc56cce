import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { failure, QError, type ErrorCode, type Failure } from '@anarq/common-schemas';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { discardRest, hasBody } from './body.ts';
import { rawAnswer, sendResult } from './respond.ts';
import { routesOf, type RouteEntry } from './routes.ts';

/** Errors of the framework in the words of the table. */
const FRAMEWORK: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['INPUT_MALFORMED', 'The Content-Type is not readable.'],
  FST_ERR_BAD_URL: ['INPUT_MALFORMED', 'The path is not percent-encoded UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['INPUT_TOO_LARGE', 'A part of the path is too long.'],
};

/** What became of a request that never was one, by the code of Node's parser. */
const SOCKET: Readonly<Record<string, readonly [number, string, ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'HEADERS_TOO_LARGE',
    'The headers are larger than 32 KiB.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'Request Timeout',
    'REQUEST_TIMEOUT',
    'The request did not arrive in time.',
  ],
};

/** The failure that an error of any kind becomes. */
export function failureOf(error: unknown, requestId: string): Failure {
  const call = { requestId, now_ms: Date.now() };
  if (error instanceof QError) return failure(error.code, call, error.message, error.details);
  const known = FRAMEWORK[(error as Partial<FastifyError> | null)?.code ?? ''];
  return known === undefined ? failure('INTERNAL', call) : failure(known[0], call, known[1]);
}

/** Makes every answer that is no result of a call a failure in the envelope. */
export function answerErrors(
  app: FastifyInstance,
  target: CallTarget,
  log: SurfaceLog | undefined,
): void {
  const routes = routesOf(target.contracts);
  app.setErrorHandler((error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    sendError(error, request, reply, log),
  );
  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.split('?', 1)[0] ?? '';
    const allowed = allowedMethods(routes, path);
    if (allowed.length === 0)
      return sendError(new QError('OPERATION_UNKNOWN'), request, reply, log);
    reply.header('allow', allowed.join(', '));
    return sendError(new QError('METHOD_NOT_ALLOWED', undefined, { allowed }), request, reply, log);
  });
}

export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: SurfaceLog | undefined,
): FastifyReply {
  const answer = failureOf(error, request.id);
  if (answer.code === 'INTERNAL') log?.failed?.(error, request.id);
  if (!request.raw.complete && hasBody(request.raw)) {
    // Announced as longer than what is worth reading; the sender is told not to go on.
    if (answer.code === 'INPUT_TOO_LARGE') reply.header('connection', 'close');
    else discardRest(request.raw);
  }
  return sendResult(reply, answer, request.id);
}

function allowedMethods(routes: readonly RouteEntry[], path: string): string[] {
  const methods = routes.filter((route) => route.pattern.test(path)).map((route) => route.method);
  return [...new Set(methods)].toSorted();
}

/** Answers a request that broke off before there was one: bad syntax, too slow, too much. */
export function answerSocketError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, code, message] = SOCKET[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'INPUT_MALFORMED' as const,
    'This is not a request of HTTP/1.1.',
  ];
  const call = { requestId: `req_${randomUUID()}`, now_ms: Date.now() };
  socket.end(rawAnswer(status, reason, failure(code, call, message)), () => socket.destroy());
}
