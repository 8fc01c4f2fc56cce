import { fail } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import type { FastifyInstance } from 'fastify';
import type { CallTarget } from '../callTarget.ts';
import { isJsonType, readBody } from './body.ts';
import { credentialOf, readHeaders } from './credential.ts';
import { publication, publish, type Publication } from './publish.ts';
import { sendResult } from './respond.ts';
import { parseStrictJson } from './strictJson.ts';

const NEGOTIATION_BYTES_MAX = 32_768;
const PUBLICATIONS_MAX = 200;

/** The registry of tools of every module, and which version of one a client gets. */
export function toolRoutes(
  app: FastifyInstance,
  target: CallTarget,
  urlOf: (host: string | undefined) => string,
): void {
  // The contracts of a node change only when it starts.
  const lastUpdated = new Date().toISOString();
  const published = new Map<string, Publication>();
  /** Registries by the address that they name; hosts are few, the guard sees to that. */
  const registry = async (module: string | undefined, url: string): Promise<Publication> => {
    const key = `${module ?? ''} ${url}`;
    const known = published.get(key);
    if (known !== undefined) return known;
    const { toolRegistryOf } = await import('@anarq/derive');
    const all = target.contracts.map((contract) =>
      toolRegistryOf(contract, target.contracts, { url, lastUpdated }),
    );
    const one = all.find((entry) => entry.module === module);
    if (module !== undefined && one === undefined)
      return fail('QINDEX_NOT_FOUND', `No module ${module.slice(0, 64)} runs here.`, {
        modules: all.map((entry) => entry.module),
      });
    const made = publication(JSON.stringify(one ?? { modules: all }));
    if (published.size < PUBLICATIONS_MAX) published.set(key, made);
    return made;
  };
  app.route({
    method: ['GET', 'HEAD'],
    url: '/tools',
    handler: async (request, reply) =>
      publish(reply, request, await registry(undefined, urlOf(request.headers.host))),
  });
  app.route<{ Params: { module: string } }>({
    method: ['GET', 'HEAD'],
    url: '/tools/:module',
    handler: async (request, reply) =>
      publish(reply, request, await registry(request.params.module, urlOf(request.headers.host))),
  });
  app.post('/tools/negotiate', async (request, reply) => {
    const { ClientRequirements, negotiate } = await import('@anarq/derive');
    const headers = readHeaders(request.raw.rawHeaders);
    if (!isJsonType(headers['content-type']))
      fail('INPUT_MALFORMED', 'The Content-Type must be application/json.');
    const credential = credentialOf(headers);
    const body = parseStrictJson(
      await readBody(request.raw, { credential, bytesMax: NEGOTIATION_BYTES_MAX }),
    );
    const demands = (body as { readonly clientRequirements?: unknown } | null)?.clientRequirements;
    const validator = compileValidator(ClientRequirements);
    if (!validator.check(demands))
      return fail('INPUT_INVALID', 'The member clientRequirements is not as it should be.', {
        violations: validator.violations(demands),
      });
    const serverResponse = negotiate(target.contracts, demands as Parameters<typeof negotiate>[1]);
    const data = { clientRequirements: demands, serverResponse };
    const result = { status: 'ok', code: 'SUCCESS', message: 'Agreed.', data } as const;
    return sendResult(reply, result, request.id);
  });
}
