import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fail, type Failure } from '@anarq/common-schemas';
import type { TransferContent } from '@anarq/kernel';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { discardRest } from './body.ts';
import { readHeaders } from './credential.ts';
import { commonHeaders, sendResult } from './respond.ts';

const INDEX = /^(0|[1-9][0-9]{0,6})$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;

interface TicketPath {
  readonly ticket: string;
  readonly index: string;
}

/** Bytes by ticket: parts of an upload on their way in, content on its way out. */
export function transferRoutes(
  app: FastifyInstance,
  target: CallTarget,
  log: SurfaceLog | undefined,
): void {
  app.route({
    method: 'PUT',
    url: '/transfer/:ticket/:index',
    handler: (request, reply) => receive(request, reply, target),
  });
  app.route({
    method: ['GET', 'HEAD'],
    url: '/transfer/:ticket',
    handler: (request, reply) => send(request, reply, target, log),
  });
}

async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  target: CallTarget,
): Promise<FastifyReply> {
  const { ticket, index } = request.params as TicketPath;
  const sha256Hex = readHeaders(request.raw.rawHeaders)['x-content-sha256'];
  if (!INDEX.test(index)) fail('INPUT_INVALID', 'The index of a part is a whole number from 0.');
  if (sha256Hex !== undefined && !SHA256_HEX.test(sha256Hex))
    fail('INPUT_INVALID', 'x-content-sha256 takes 64 lower-case hexadecimal digits.');
  const result = await target.receivePart(ticket, {
    index: Number(index),
    sha256Hex,
    // The request stays whole when its reader stops early: the answer still goes out on it.
    body: request.raw.iterator({ destroyOnReturn: false }),
  });
  // Who was too slow for the part is too slow for the rest of it.
  if (result.code === 'REQUEST_TIMEOUT') reply.header('connection', 'close');
  else if (!request.raw.complete) discardRest(request.raw);
  return sendResult(reply, result, request.id);
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  target: CallTarget,
  log: SurfaceLog | undefined,
): Promise<FastifyReply> {
  const { ticket } = request.params as TicketPath;
  const isHead = request.method === 'HEAD';
  // Range is defined for GET only, and a range under a condition that is not kept here is no range
  // (RFC 9110 sections 14.2 and 13.1.5).
  const { range } = readHeaders(request.raw.rawHeaders);
  const isWhole = isHead || request.headers['if-range'] !== undefined;
  const answer = await target.sendContent(ticket, isWhole ? undefined : range);
  if (!answer.ok) return refuse(answer.failure, request, reply);
  const { content } = answer;
  const pieces = content.body[Symbol.asyncIterator]();
  if (isHead) {
    await pieces.return?.();
    writeHead(reply, content, request.id);
    reply.raw.end();
    return reply;
  }
  // A first piece that cannot be had is still an answer; after it, only the end of the connection.
  const first = await pieces.next();
  const response = writeHead(reply, content, request.id);
  await pipeline(Readable.from(startingWith(first, pieces), { objectMode: false }), response).catch(
    (error: unknown) => {
      response.destroy();
      log?.failed?.(error, request.id);
    },
  );
  return reply;
}

function refuse(failure: Failure, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const total = failure.details?.['totalBytes'];
  if (failure.code === 'RANGE_NOT_SATISFIABLE' && typeof total === 'number')
    reply.header('content-range', `bytes */${total}`);
  return sendResult(reply, failure, request.id);
}

function writeHead(
  reply: FastifyReply,
  content: TransferContent,
  requestId: string,
): ServerResponse {
  const { start, end, totalBytes, partial } = content;
  reply.hijack();
  return reply.raw.writeHead(partial ? 206 : 200, {
    'content-type': 'application/octet-stream',
    ...commonHeaders(requestId),
    ...content.headers,
    // What people uploaded is never a page of this node.
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
    'content-length': Math.max(0, end - start + 1),
    ...(partial ? { 'content-range': `bytes ${start}-${end}/${totalBytes}` } : {}),
  });
}

/** Goes on with an iterator of which one piece was taken; ends it when its own reader stops. */
async function* startingWith(
  first: IteratorResult<Uint8Array, unknown>,
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncGenerator<Uint8Array> {
  try {
    for (let step = first; step.done !== true; step = await rest.next()) yield step.value;
  } finally {
    await rest.return?.();
  }
}
