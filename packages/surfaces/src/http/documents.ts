import { API_VERSION } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { commonHeaders } from './respond.ts';

/** What the node says of itself: documents derived from the contracts, who it is. */
export function documentRoutes(
  app: FastifyInstance,
  target: CallTarget,
  publicUrl: string | undefined,
): void {
  const urlOf = (request: FastifyRequest) =>
    publicUrl ?? `http://${request.headers.host ?? 'localhost'}`;

  app.get('/.well-known/q-node', (request, reply) =>
    send(reply, request, {
      did: target.node.did,
      apiVersions: [API_VERSION],
      modules: target.contracts.map(({ name, version, title }) => ({
        name,
        version,
        title,
        ...(Object.hasOwn(target.node.modules, name) ? { did: target.node.modules[name] } : {}),
      })),
      log: target.logKeys,
      mcp: `${urlOf(request)}/mcp`,
      openapi: `${urlOf(request)}/openapi.json`,
      asyncapi: `${urlOf(request)}/asyncapi.json`,
    }),
  );

  // Deriving is left to the first reader, so that a node starts without it; then the text is kept.
  const openapi = once(async (url) => {
    const { openapiOf } = await import('@anarq/derive');
    return openapiOf(target.contracts, { serverUrl: publicUrl ?? url });
  });
  const asyncapi = once(async () => {
    const { asyncapiOf } = await import('@anarq/derive');
    return asyncapiOf(target.contracts);
  });
  app.get('/openapi.json', async (request, reply) =>
    sendText(reply, request, await openapi(urlOf(request))),
  );
  app.get('/asyncapi.json', async (request, reply) =>
    sendText(reply, request, await asyncapi(urlOf(request))),
  );
}

/** The JSON text of a document, made at the first demand; a demand that failed is no demand. */
function once(derive: (url: string) => Promise<unknown>): (url: string) => Promise<string> {
  let text: Promise<string> | undefined;
  return (url) => {
    text ??= derive(url).then(
      (document) => JSON.stringify(document),
      (error: unknown) => {
        text = undefined;
        throw error;
      },
    );
    return text;
  };
}

const send = (reply: FastifyReply, request: FastifyRequest, value: unknown): FastifyReply =>
  sendText(reply, request, JSON.stringify(value));

const sendText = (reply: FastifyReply, request: FastifyRequest, text: string): FastifyReply =>
  reply.headers(commonHeaders(request.id)).type('application/json; charset=utf-8').send(text);
