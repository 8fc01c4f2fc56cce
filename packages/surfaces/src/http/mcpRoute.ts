import { QError } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import type { McpEndpoint } from '../mcp/endpoint.ts';
import { discardRest, hasBody, isJsonType, readBody } from './body.ts';
import { credentialOf, readHeaders } from './credential.ts';
import { failureOf } from './failures.ts';
import { queryOf } from './operations.ts';
import { commonHeaders, resultHeaders } from './respond.ts';
import { parseStrictJson } from './strictJson.ts';

/** What a JSON-RPC message adds to the arguments of a call. */
const MESSAGE_BYTES = 65_536;

/** JSON-RPC 2.0 section 5.1. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
/** Implementation-defined server error. */
const REFUSED = -32_000;

/**
 * MCP over Streamable HTTP at /mcp. `?names=underscore` lists tools under names without dots.
 * @returns what ends the streams that are open
 */
export function mcpRoute(
  app: FastifyInstance,
  target: CallTarget,
  log: SurfaceLog | undefined,
): (deadline_ms: number) => Promise<void> {
  const operations = target.contracts.flatMap((contract) => Object.values(contract.operations));
  const bodyBytesMax = Math.max(0, ...operations.map((op) => op.limits.bodyBytes)) + MESSAGE_BYTES;
  let endpoint: Promise<McpEndpoint> | undefined;
  const open = () =>
    (endpoint ??= import('../mcp/endpoint.ts').then(({ createMcpEndpoint }) =>
      createMcpEndpoint(target, log),
    ));

  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    handler: async (request, reply) => {
      const read = await readMessage(request, bodyBytesMax);
      if ('refusal' in read) return refuse(reply, request, read);
      const { handle } = await open();
      reply.hijack();
      for (const [name, value] of Object.entries(commonHeaders(request.id)))
        reply.raw.setHeader(name, String(value));
      await handle(request.raw, reply.raw, read.message, {
        credential: read.credential,
        requestId: request.id,
        peer: request.ip,
        bodyBytes: read.bodyBytes,
        names:
          new URLSearchParams(queryOf(request)).get('names') === 'underscore' ? 'alias' : 'name',
      });
      return reply;
    },
  });
  return async (deadline_ms) => {
    if (endpoint !== undefined) await (await endpoint).close(deadline_ms);
  };
}

type Message =
  | {
      readonly message: unknown;
      readonly bodyBytes: number;
      readonly credential: ReturnType<typeof credentialOf>;
    }
  | { readonly refusal: unknown; readonly status: number; readonly code: number };

/** Reads one JSON-RPC message as strictly as the body of any other call. */
async function readMessage(request: FastifyRequest, maxBytes: number): Promise<Message> {
  try {
    const headers = readHeaders(request.raw.rawHeaders);
    const credential = credentialOf(headers);
    if (!hasBody(request.raw)) return { message: undefined, bodyBytes: 0, credential };
    if (!isJsonType(headers['content-type']))
      return refusal(415, REFUSED, 'The Content-Type must be application/json.');
    const body = await readBody(request.raw, { credential, bytesMax: maxBytes });
    const message = parseStrictJson(body);
    // Batches left the protocol with revision 2025-06-18.
    if (typeof message !== 'object' || message === null || Array.isArray(message))
      return refusal(400, INVALID_REQUEST, 'Send one JSON-RPC message, not a batch.');
    return { message, bodyBytes: body.length, credential };
  } catch (error) {
    if (!(error instanceof QError)) throw error;
    switch (error.code) {
      case 'INPUT_MALFORMED':
        return { refusal: error, status: 400, code: PARSE_ERROR };
      case 'INPUT_TOO_LARGE':
        return { refusal: error, status: 413, code: REFUSED };
      case 'QLOCK_AUTH_FAIL':
        return { refusal: error, status: 401, code: REFUSED };
      default:
        return { refusal: error, status: 400, code: INVALID_REQUEST };
    }
  }
}

const refusal = (status: number, code: number, message: string) => ({
  refusal: new QError('INPUT_MALFORMED', message),
  status,
  code,
});

function refuse(
  reply: FastifyReply,
  request: FastifyRequest,
  { refusal: error, status, code }: Extract<Message, { readonly refusal: unknown }>,
): FastifyReply {
  const failed = failureOf(error, request.id);
  if (!request.raw.complete) {
    if (failed.code === 'INPUT_TOO_LARGE') reply.header('connection', 'close');
    else discardRest(request.raw);
  }
  return reply
    .code(status)
    .headers({ ...commonHeaders(request.id), ...resultHeaders(failed) })
    .type('application/json; charset=utf-8')
    .send(
      JSON.stringify({
        jsonrpc: '2.0',
        id: null,
        error: { code, message: failed.message, data: failed },
      }),
    );
}
