import { command, query, t } from '@anarq/common-schemas';
import { moduleName } from './models.ts';

/** Of one node. */
export const MODULES_MAX = 200;
/** The registry of one module, as JSON. */
export const REGISTRY_BYTES_MAX = 1_048_576;
/** Names of tools or topics that one module has. */
const NAMES_MAX = 1_000;

const version = () =>
  t.string({
    maxLength: 20,
    pattern: '^[0-9]{1,6}\\.[0-9]{1,6}\\.[0-9]{1,6}$',
    description: 'Semantic version: 1.0.0.',
  });
const names = (description: string) =>
  t.array(t.string({ maxLength: 200 }), { maxItems: NAMES_MAX, description });
const changed = () => t.array(t.id(), { maxItems: MODULES_MAX });

const Demands = t.named(
  'ClientRequirements',
  t.object({
    module: moduleName(),
    minVersion: t.optional(version()),
    maxVersion: t.optional(version()),
    requiredCapabilities: t.optional(
      t.array(t.string({ minLength: 1, maxLength: 128 }), {
        maxItems: 100,
        description: 'Tools, operations, topics, or read, write and admin.',
      }),
    ),
  }),
);

/** The operations about what a node offers, and in which version. */
export const toolOperations = {
  tools: query({
    summary: 'List the modules that run here with their tools and events, or show all of one.',
    http: 'GET /tools',
    mcp: { tool: 'node.tools', destructive: false },
    access: 'public',
    scope: 'node/tools',
    input: t.object({
      module: t.optional(moduleName()),
    }),
    output: t.object({
      items: t.array(
        t.object({
          module: moduleName(),
          version: version(),
          tools: names('Names of its tools.'),
          events: names('Its topics.'),
          registry: t.optional(
            t.json({
              maxBytes: REGISTRY_BYTES_MAX,
              description: 'All that /tools/<module> says of it, where one module is asked for.',
            }),
          ),
        }),
        { maxItems: MODULES_MAX },
      ),
    }),
    examples: [
      { summary: 'All of them', input: {} },
      { summary: 'One, in full', input: { module: 'qdrive' } },
    ],
  }),
  negotiate: query({
    summary: 'Say what you need of a module, and hear what you get here, and who has the rest.',
    http: 'POST /negotiate',
    mcp: { tool: 'node.negotiate', destructive: false },
    access: 'public',
    scope: 'node/negotiate',
    input: Demands,
    output: t.object({
      clientRequirements: Demands,
      serverResponse: t.object({
        supportedVersion: version(),
        availableCapabilities: names('Everything that one may ask it for by name.'),
        limitations: t.array(t.string({ maxLength: 300 }), {
          maxItems: NAMES_MAX,
          description: 'What of it is not met, a sentence each; empty: all is.',
        }),
        alternativeModules: t.optional(changed()),
      }),
    }),
    errors: ['DEPENDENCY_MISSING', 'VERSION_UNSUPPORTED'],
    examples: [
      {
        summary: 'A market of the first version that sells',
        input: { module: 'node', minVersion: '1.0.0', requiredCapabilities: ['node.tools'] },
      },
    ],
  }),
  announceTools: command({
    summary: 'Tell whoever listens which tools and events have changed since this was last asked.',
    http: 'POST /tools/announce',
    mcp: false,
    resource: 'node',
    scope: 'node/announceTools',
    input: t.object({}),
    output: t.object({ added: changed(), updated: changed(), removed: changed() }),
    emits: ['q.tools.registry.updated.v1'],
    examples: [{ summary: 'After a start', input: {} }],
  }),
};
