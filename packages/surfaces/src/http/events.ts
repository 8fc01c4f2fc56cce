import { fail, type AnyOperation } from '@anarq/common-schemas';
import { FOLLOWED_OPERATION } from '@anarq/kernel';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { writeStream, type StreamTimes } from '../events/sse.ts';
import { factsOf, readHeaders } from './credential.ts';
import { inputOf } from './input.ts';
import { queryOf } from './operations.ts';
import { commonHeaders, sendResult } from './respond.ts';

/** What only a page of events can be asked for. */
const NOT_OF_A_STREAM = ['limit', 'subject'] as const;

/**
 * `GET /events`: the operation `node.readEvents` as a stream, for who may call that.
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
      const followed = await target.follow(callOf(op, request));
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

function callOf(op: AnyOperation, request: FastifyRequest) {
  const headers = readHeaders(request.raw.rawHeaders);
  const input = inputOf(op, {}, queryOf(request), undefined);
  const { topics } = input;
  // A topic has no comma in it.
  if (Array.isArray(topics)) input['topics'] = topics.flatMap((each) => String(each).split(','));
  for (const name of NOT_OF_A_STREAM)
    if (Object.hasOwn(input, name)) fail('INPUT_INVALID', `A stream takes no ${name}.`);
  const last = headers['last-event-id'];
  return {
    operation: op.id,
    input,
    surface: 'sse' as const,
    requestId: request.id,
    peer: request.ip,
    // Where a reader that was cut goes on, whatever its URL says.
    ...(last === undefined || last === '' ? {} : { resumeAfter: last }),
    ...factsOf(headers),
  };
}
