import { fail, type AnyOperation } from '@anarq/common-schemas';
import { FOLLOWED_OPERATION, type FollowCall } from '@anarq/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { writeStream, type StreamTimes } from '../events/sse.ts';
import { factsOf, readHeaders } from './credential.ts';
import { factsByTicket, takeTicket } from './eventTicket.ts';
import { inputOf } from './input.ts';
import { queryOf } from './operations.ts';
import { commonHeaders, sendResult } from './respond.ts';

/** What only a page of events can be asked for. */
const NOT_OF_A_STREAM = ['limit', 'subject'] as const;

/**
 * `GET /events`: the operation `node.readEvents` as a stream, for who may call that, or shows a ticket.
 * @returns ends every open stream, and tells its reader
 */
export function eventRoutes(
  app: FastifyInstance,
  target: CallTarget,
  { times, log }: { readonly times: StreamTimes; readonly log: SurfaceLog | undefined },
): () => void {
  const stopping = new AbortController();
  const op = target.contracts
    .flatMap(({ operations }) => Object.values(operations))
    .find(({ id }) => id === FOLLOWED_OPERATION);
  if (op !== undefined)
    app.get('/events', async (request, reply) => {
      const followed = await target.follow(await callOf(op, request, target));
      if (!followed.ok) return sendResult(reply, followed.failure, request.id);
      reply.hijack();
      reply.raw.writeHead(200, {
        ...commonHeaders(request.id),
        'content-type': 'text/event-stream; charset=utf-8',
        // A proxy that collects an answer before it passes it on would hold the stream back.
        'x-accel-buffering': 'no',
      });
      writeStream(reply.raw, followed.stream, stopping.signal, times).catch((error: unknown) => {
        reply.raw.destroy();
        log?.failed?.(error, request.id);
      });
      return reply;
    });
  return () => stopping.abort();
}

async function callOf(
  op: AnyOperation,
  request: FastifyRequest,
  target: CallTarget,
): Promise<FollowCall> {
  const headers = readHeaders(request.raw.rawHeaders);
  const { ticket, rest } = takeTicket(queryOf(request));
  const input = inputOf(op, {}, rest, undefined);
  const { topics } = input;
  // A topic has no comma in it.
  if (Array.isArray(topics)) input['topics'] = topics.flatMap((each) => String(each).split(','));
  for (const name of NOT_OF_A_STREAM)
    if (Object.hasOwn(input, name)) fail('INPUT_INVALID', `A stream takes no ${name}.`);
  const last = headers['last-event-id'];
  return {
    operation: op.id,
    input,
    surface: 'sse',
    requestId: request.id,
    peer: request.ip,
    // Where a reader that was cut goes on, whatever its URL says.
    ...(last === undefined || last === '' ? {} : { resumeAfter: last }),
    ...factsOf(headers),
    // Spent last, when the rest of the request is what it should be.
    ...(ticket === undefined ? {} : await factsByTicket(target, ticket, headers, request.id)),
  };
}
