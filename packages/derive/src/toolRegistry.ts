import type { AnyContract, AnyOperation } from '@anarq/common-schemas';
import { toJsonSchema, type JsonObject } from './jsonSchema.ts';
import { toolsOf, type ToolEntry } from './mcpTools.ts';
import { isWrite } from './words.ts';

/** What a tool does to its caller's world. */
type ToolCapability = 'read' | 'write' | 'admin';

interface RegisteredTool {
  readonly version: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  readonly capabilities: readonly ToolCapability[];
  readonly rateLimit: { readonly rpm: number; readonly burst: number };
  /** Tools, or operations that are none, that a call of this one makes in turn. */
  readonly dependencies: readonly string[];
  readonly deprecation?: {
    readonly deprecated: true;
    readonly sunsetDate: string;
    readonly replacement?: string;
  };
}

interface RegisteredEvent {
  readonly version: string;
  readonly schema: JsonObject;
  readonly frequency: 'HIGH' | 'MEDIUM' | 'LOW';
  /** ISO 8601 duration; absent: as long as the operator keeps the outbox. */
  readonly retention?: string;
}

/** The tools and events of a module, as the module specification has them (MCPToolRegistry). */
export interface ToolRegistry {
  readonly module: string;
  readonly version: string;
  readonly capabilities: {
    readonly tools: Readonly<Record<string, RegisteredTool>>;
    readonly events: Readonly<Record<string, RegisteredEvent>>;
    readonly compatibility: {
      readonly minVersion: string;
      readonly maxVersion: string;
      readonly breakingChanges: readonly string[];
    };
  };
  readonly healthEndpoint: string;
  readonly documentationUrl: string;
  readonly lastUpdated: string;
}

interface RegistryPlace {
  /** Where the node is reached: 'http://127.0.0.1:8080' */
  readonly url: string;
  /** RFC 3339; since when the registry is as it is. */
  readonly lastUpdated: string;
}

const BURST_MIN = 10;
const LOW_PER_MINUTE = 60;
const MEDIUM_PER_MINUTE = 6_000;

/**
 * The registry of one module.
 * @param all every contract of the node, for the tools that others depend on
 */
export function toolRegistryOf(
  contract: AnyContract,
  all: readonly AnyContract[],
  place: RegistryPlace,
): ToolRegistry {
  const names = new Map(toolsOf(all).map((tool) => [tool.operation, tool.name] as const));
  const operations = Object.values(contract.operations);
  const byId = new Map(operations.map((op) => [op.id, op] as const));
  const tools = toolsOf([contract]).flatMap((tool) => {
    const op = byId.get(tool.operation);
    return op === undefined ? [] : [[tool.name, registered(op, tool, contract, names)] as const];
  });
  return {
    module: contract.name,
    version: contract.version,
    capabilities: {
      tools: Object.fromEntries(tools),
      events: Object.fromEntries(
        Object.keys(contract.events).map((topic) => [topic, eventOf(topic, contract)]),
      ),
      compatibility: compatibilityOf(contract),
    },
    healthEndpoint: `${place.url}/health`,
    documentationUrl: `${place.url}/openapi.json`,
    lastUpdated: place.lastUpdated,
  };
}

function registered(
  op: AnyOperation,
  tool: ToolEntry,
  contract: AnyContract,
  names: ReadonlyMap<string, string>,
): RegisteredTool {
  const replacement = replacementOf(op, contract);
  return {
    version: op.version,
    description: tool.description,
    inputSchema: tool.inputSchema,
    outputSchema: tool.outputSchema,
    capabilities: capabilitiesOf(op),
    rateLimit: {
      rpm: op.limits.perMinute,
      burst: Math.max(BURST_MIN, Math.floor(op.limits.perMinute / 10)),
    },
    dependencies: op.uses.map((id) => names.get(id) ?? id),
    ...(op.sunset === undefined
      ? {}
      : {
          deprecation: {
            deprecated: true,
            sunsetDate: op.sunset,
            ...(replacement === undefined
              ? {}
              : { replacement: names.get(replacement) ?? replacement }),
          },
        }),
  };
}

/**
 * Queries read, everything else writes; what asks for a full signature and spends nothing changes
 * keys, consent or identities, and is administration.
 */
function capabilitiesOf(op: AnyOperation): ToolCapability[] {
  if (!isWrite(op)) return ['read'];
  return op.signature === 'full' && op.authorises === undefined ? ['write', 'admin'] : ['write'];
}

/** What to use instead of an operation that goes: what its contract says, else pay.v2 for pay. */
function replacementOf(op: AnyOperation, contract: AnyContract): string | undefined {
  if (op.replacement !== undefined) return `${contract.name}.${op.replacement}`;
  const [base = op.name, version = 'v1'] = op.name.split('.');
  const next = `${base}.v${Number(version.slice(1)) + 1}`;
  return Object.hasOwn(contract.operations, next) ? `${contract.name}.${next}` : undefined;
}

function eventOf(topic: string, contract: AnyContract): RegisteredEvent {
  const event = contract.events[topic];
  const senders = Object.values(contract.operations).filter((op) => op.emits.includes(topic));
  const perMinute = Math.max(0, ...senders.map(({ limits }) => limits.perMinute));
  return {
    version: topic.slice(topic.lastIndexOf('.v') + 1),
    schema: event === undefined ? {} : toJsonSchema(event.schema, { refs: 'inline' }),
    // As often as one identity can make it happen, by the limits of what sends it.
    frequency:
      perMinute <= LOW_PER_MINUTE ? 'LOW' : perMinute <= MEDIUM_PER_MINUTE ? 'MEDIUM' : 'HIGH',
    ...(event?.retention === undefined ? {} : { retention: event.retention }),
  };
}

/** Operations change by addition only, within a major version; what breaks has a name of its own. */
function compatibilityOf(contract: AnyContract): ToolRegistry['capabilities']['compatibility'] {
  return {
    minVersion: `${contract.version.split('.', 1)[0]}.0.0`,
    maxVersion: contract.version,
    breakingChanges: Object.values(contract.operations).flatMap((op) =>
      op.sunset === undefined ? [] : [`${op.id} goes after ${op.sunset}`],
    ),
  };
}
