import { API_VERSION } from '@anarq/common-schemas';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { discoveryOf, serverJsonOf, type OtherSurfaces } from './discovery.ts';
import { publication, publish, type Publication } from './publish.ts';
import { commonHeaders } from './respond.ts';
import { toolRoutes } from './tools.ts';

interface DocumentSettings {
  /** Where the node is reached, for a request that came with this Host. */
  readonly urlOf: (host: string | undefined) => string;
  readonly others: OtherSurfaces;
}

const ADDRESSES_MAX = 16;

/** What the node says of itself: documents derived from the contracts, who it is. */
export function documentRoutes(
  app: FastifyInstance,
  target: CallTarget,
  settings: DocumentSettings,
): void {
  const urlOf = ({ headers }: FastifyRequest) => settings.urlOf(headers.host);
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
  const documents: Readonly<Record<string, (url: string) => Promise<object> | object>> = {
    '/openapi.json': async (url) => {
      const { openapiOf } = await import('@anarq/derive');
      return openapiOf(target.contracts, { serverUrl: url });
    },
    '/asyncapi.json': async () => {
      const { asyncapiOf } = await import('@anarq/derive');
      return asyncapiOf(target.contracts);
    },
    '/.well-known/q-infinity.json': (url) => discoveryOf(target, url, settings.others),
    '/.well-known/mcp.json': async (url) =>
      serverJsonOf(url, (await target.health()).version ?? '0.0.0'),
  };
  for (const [path, derive] of Object.entries(documents)) {
    const publicationOf = once(derive);
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      handler: async (request, reply) =>
        publish(reply, request, await publicationOf(urlOf(request))),
    });
  }
  toolRoutes(app, target, settings.urlOf);
}

/**
 * A document, made at the first demand under each address; a demand that failed is no demand. The
 * guard knows every name of the node, so that there are few.
 */
function once(
  derive: (url: string) => Promise<object> | object,
): (url: string) => Promise<Publication> {
  const made = new Map<string, Promise<Publication>>();
  return (url) => {
    const known = made.get(url);
    if (known !== undefined) return known;
    const publishing = Promise.resolve(derive(url)).then((document) =>
      publication(JSON.stringify(document)),
    );
    if (made.size < ADDRESSES_MAX) made.set(url, publishing);
    publishing.catch(() => made.delete(url));
    return publishing;
  };
}

const send = (reply: FastifyReply, request: FastifyRequest, value: unknown): FastifyReply =>
  reply
    .headers(commonHeaders(request.id))
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(value));
