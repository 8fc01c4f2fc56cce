import { API_VERSION, type AnyContract } from '@anarq/common-schemas';
import { joinComponents } from './components.ts';
import { sorted, type JsonObject } from './jsonSchema.ts';
import { commonFailures } from './openapiErrors.ts';
import { operationObject } from './openapiOperation.ts';
import { fixedSchemas, headerParameters, headers, securitySchemes } from './openapiParts.ts';

export interface OpenApiOptions {
  /** Where the node answers; the default is a node started with ./q up. */
  readonly serverUrl?: string;
}

const DEFAULT_SERVER = 'http://127.0.0.1:8080';
const LICENCE = { name: 'Apache-2.0', identifier: 'Apache-2.0' } as const;

/** What a document that joins several contracts says of itself. */
export function infoOf(contracts: readonly AnyContract[]): JsonObject {
  const only = contracts.length === 1 ? contracts[0] : undefined;
  return {
    title: only?.title ?? 'Q∞ node',
    version: only?.version ?? API_VERSION,
    description: only?.purpose ?? `Modules: ${contracts.map((c) => c.title).join(', ')}.`,
    license: LICENCE,
  };
}

/** A member of a JSON pointer in a fragment, RFC 6901. */
const pointerPart = (path: string): string =>
  encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * The OpenAPI 3.1.1 document of one module, or of several joined.
 * @returns plain data, ready for JSON or YAML
 * @throws Error when one contract gives one name to two schemas
 */
export function openapiOf(
  contracts: readonly AnyContract[],
  options: OpenApiOptions = {},
): JsonObject {
  const joined = joinComponents(contracts, Object.keys(fixedSchemas));
  for (const [name, schema] of Object.entries(fixedSchemas)) joined.schemas.set(name, schema);
  const paths = new Map<string, JsonObject>();
  for (const contract of contracts) {
    const components = joined.of(contract);
    for (const op of Object.values(contract.operations)) {
      const path = `/${contract.name}${op.http.path}`;
      const item = paths.get(path) ?? {};
      item[op.http.method.toLowerCase()] = operationObject(op, contract.title, components);
      paths.set(path, item);
      // The same operations below the base path of another specification.
      const { alsoUnder } = contract;
      if (alsoUnder !== undefined)
        paths.set(`${alsoUnder}${op.http.path}`, { $ref: `#/paths/${pointerPart(path)}` });
    }
  }
  return {
    openapi: '3.1.1',
    info: infoOf(contracts),
    servers: [{ url: options.serverUrl ?? DEFAULT_SERVER, description: 'A node on this machine' }],
    tags: contracts.map((contract) => ({ name: contract.title, description: contract.purpose })),
    paths: Object.fromEntries(paths),
    components: {
      schemas: sorted(joined.schemas),
      parameters: headerParameters,
      headers,
      responses: commonFailures(),
      securitySchemes,
    },
  };
}
