import { fail } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import type { GraphqlEndpoint } from '../graphql/endpoint.ts';
import { isJsonType, readBody } from './body.ts';
import { factsOf, readHeaders } from './credential.ts';
import { commonHeaders } from './respond.ts';
import { parseStrictJson } from './strictJson.ts';

/** What a document adds to the inputs of its calls. */
const DOCUMENT_BYTES = 131_072;
/** GraphQL over HTTP, section 6.1. */
const RESPONSE_TYPE = 'application/graphql-response+json';

/** GraphQL at /graphql: POST with a JSON body, nothing else. */
export function graphqlRoute(
  app: FastifyInstance,
  target: CallTarget,
  log: SurfaceLog | undefined,
): void {
  const operations = target.contracts.flatMap((contract) => Object.values(contract.operations));
  const bytesMax = Math.max(0, ...operations.map((op) => op.limits.bodyBytes)) + DOCUMENT_BYTES;
  let endpoint: Promise<GraphqlEndpoint> | undefined;
  // The library and the schema are left to the first reader, so that a node starts without them.
  const open = () =>
    (endpoint ??= import('../graphql/endpoint.ts').then(({ createGraphqlEndpoint }) =>
      createGraphqlEndpoint(target, log),
    ));
  app.post('/graphql', async (request, reply) => {
    const headers = readHeaders(request.raw.rawHeaders);
    const facts = factsOf(headers);
    if (!isJsonType(headers['content-type']))
      fail('INPUT_MALFORMED', 'The Content-Type must be application/json.');
    const body = await readBody(request.raw, { credential: facts.credential, bytesMax });
    const { answer } = await open();
    const caller = { facts, requestId: request.id, peer: request.ip };
    return send(request, reply, await answer(parseStrictJson(body), caller));
  });
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { result, isRefused }: Awaited<ReturnType<GraphqlEndpoint['answer']>>,
): FastifyReply {
  const speaksGraphql = request.headers.accept?.includes(RESPONSE_TYPE) === true;
  // A client of plain JSON cannot tell an answer of GraphQL from one of a proxy by its status.
  const isBad = isRefused && speaksGraphql;
  return reply
    .code(isBad ? 400 : 200)
    .headers(commonHeaders(request.id))
    .type(`${speaksGraphql ? RESPONSE_TYPE : 'application/json'}; charset=utf-8`)
    .send(JSON.stringify(result));
}
