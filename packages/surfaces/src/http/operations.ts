import {
  basePathsOf,
  fail,
  type AnyContract,
  type AnyOperation,
  type Result,
} from '@anarq/common-schemas';
import type { Credential } from '@anarq/kernel';
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { hasBody, isJsonType, readBody } from './body.ts';
import { THROUGH_REPLY } from './crossOrigin.ts';
import { factsOf, readHeaders, type CallHeaders } from './credential.ts';
import { inputOf, takesQuery } from './input.ts';
import { sendResult } from './respond.ts';
import { parseStrictJson } from './strictJson.ts';

/** One route for each operation: a request becomes one call, and its result one answer. */
export function operationRoutes(app: FastifyInstance, target: CallTarget): void {
  for (const contract of target.contracts)
    for (const op of Object.values(contract.operations)) {
      const farewells = farewellHeaders(op, contract);
      const hasFarewells = Object.keys(farewells).length > 0;
      const handler: RouteHandlerMethod = async (request, reply) => {
        const result = await invoke(op, request, target);
        if (hasFarewells) reply.headers(farewells);
        // RFC 9110 section 15.3.3: begun, and not at its end.
        const isBegun = op.job !== undefined && result.status === 'ok';
        return sendResult(reply, result, request.id, isBegun ? 202 : undefined);
      };
      for (const base of basePathsOf(contract))
        app.route({
          method: op.http.method,
          config: THROUGH_REPLY,
          url: `${base}${op.http.path.replaceAll(/\{([^}]+)\}/g, ':$1')}`,
          handler,
        });
    }
}

/**
 * What an operation that goes says with each answer: since when it is deprecated (RFC 9745), when it
 * may go (RFC 8594), and what comes instead (RFC 5829).
 */
function farewellHeaders(op: AnyOperation, contract: AnyContract): Record<string, string> {
  const next =
    op.replacement === undefined ? undefined : contract.operations[op.replacement]?.http.path;
  return {
    ...(op.deprecated === undefined
      ? {}
      : { deprecation: `@${Math.floor(Date.parse(op.deprecated) / 1_000)}` }),
    ...(op.sunset === undefined ? {} : { sunset: new Date(op.sunset).toUTCString() }),
    ...(next === undefined ? {} : { link: `</${contract.name}${next}>; rel="successor-version"` }),
  };
}

async function invoke(
  op: AnyOperation,
  request: FastifyRequest,
  target: CallTarget,
): Promise<Result<unknown>> {
  const headers = request.callHeaders ?? readHeaders(request.raw.rawHeaders);
  const facts = factsOf(headers);
  const body = await bodyOf(op, request, headers, facts.credential);
  return target.invoke({
    operation: op.id,
    input: inputOf(op, request.params as Readonly<Record<string, string>>, queryOf(request), body),
    surface: 'http',
    requestId: request.id,
    peer: request.ip,
    ...facts,
  });
}

/** The query string as it came: what it means, the contract says. */
export function queryOf({ raw }: FastifyRequest): string {
  const url = raw.url ?? '';
  const split = url.indexOf('?');
  return split < 0 ? '' : url.slice(split + 1);
}

async function bodyOf(
  op: AnyOperation,
  { raw }: FastifyRequest,
  headers: CallHeaders,
  credential: Credential,
): Promise<unknown> {
  if (!hasBody(raw)) return undefined;
  if (takesQuery(op))
    fail('INPUT_INVALID', `${op.http.method} takes its members in path and query, not in a body.`);
  if (!isJsonType(headers['content-type']))
    fail('INPUT_MALFORMED', 'The Content-Type must be application/json.');
  return parseStrictJson(await readBody(raw, { credential, bytesMax: op.limits.bodyBytes }));
}
