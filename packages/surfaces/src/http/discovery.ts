import { API_VERSION } from '@anarq/common-schemas';
import type { CallTarget } from '../callTarget.ts';

/** Where MCP registries say what a server is (modelcontextprotocol.io, server.json). */
const SERVER_SCHEMA =
  'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

/** The surfaces that a node has beside HTTP, where they listen elsewhere. */
export interface OtherSurfaces {
  /** 'http://127.0.0.1:8081' */
  readonly grpc?: string;
}

/** /.well-known/q-infinity.json: who the node is, how it is spoken to, and what runs on it. */
export const discoveryOf = (target: CallTarget, url: string, { grpc }: OtherSurfaces) => ({
  node: target.node.did,
  ...(target.standalone === undefined ? {} : { standalone: target.standalone }),
  apiVersions: [API_VERSION],
  surfaces: {
    http: { url, description: `${url}/openapi.json` },
    mcp: { url: `${url}/mcp`, description: `${url}/.well-known/mcp.json` },
    graphql: { url: `${url}/graphql` },
    ...(grpc === undefined ? {} : { grpc: { url: grpc, reflection: 'grpc.reflection.v1' } }),
  },
  modules: target.contracts.map(({ name, version, title, purpose }) => ({
    name,
    version,
    title,
    purpose,
    ...(target.standalone?.mocked.includes(name) === true ? { mock: true } : {}),
    ...(Object.hasOwn(target.node.modules, name) ? { did: target.node.modules[name] } : {}),
    tools: `${url}/tools/${name}`,
  })),
  log: target.logKeys,
  documents: {
    openapi: `${url}/openapi.json`,
    asyncapi: `${url}/asyncapi.json`,
    tools: `${url}/tools`,
    health: `${url}/health`,
  },
});

/** /.well-known/mcp.json: the server.json under which an MCP registry would list the node. */
export const serverJsonOf = (url: string, version: string) => ({
  $schema: SERVER_SCHEMA,
  // Reverse DNS and one slash; a node without a name of its own is the machine's.
  name: `${reversed(new URL(url).hostname)}/q-infinity`,
  title: 'Q∞ node',
  description: 'Identity, consent, data and money of a Q∞ node, each call within its grant.',
  version,
  remotes: [
    {
      type: 'streamable-http',
      url: `${url}/mcp`,
      headers: [
        {
          name: 'Authorization',
          description: 'Bearer and the token of an agent, as ./q agent token prints it.',
          isRequired: false,
          isSecret: true,
        },
      ],
    },
  ],
});

const reversed = (host: string): string =>
  /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/i.test(host)
    ? host.toLowerCase().split('.').toReversed().join('.')
    : 'localhost';
