import { fail, t, type AnyContract, type Static } from '@anarq/common-schemas';
import { toolsOf } from './mcpTools.ts';
import { toolRegistryOf } from './toolRegistry.ts';

const semanticVersion = () =>
  t.string({ pattern: '^[0-9]{1,6}\\.[0-9]{1,6}\\.[0-9]{1,6}$', maxLength: 20 });

/** What a client needs of a module (VersionNegotiation of the module specification). */
export const ClientRequirements = t.object({
  module: t.string({ pattern: '^[a-z][a-z0-9]{1,31}$', maxLength: 32 }),
  minVersion: t.optional(semanticVersion()),
  maxVersion: t.optional(semanticVersion()),
  requiredCapabilities: t.optional(
    t.array(t.string({ minLength: 1, maxLength: 128 }), {
      maxItems: 100,
      description: 'Tools, operations, topics, or read, write and admin.',
    }),
  ),
});

export interface ServerResponse {
  readonly supportedVersion: string;
  readonly availableCapabilities: readonly string[];
  /** What of the demands is not met, a sentence each; empty: all is. */
  readonly limitations: readonly string[];
  /** Modules that have every capability asked for, where this one has not. */
  readonly alternativeModules?: readonly string[];
}

/**
 * Answers which version of a module a client gets here, and what of its demands is met.
 * @throws QError DEPENDENCY_MISSING where the module does not run here, VERSION_UNSUPPORTED where its
 * version is outside of the range
 */
export function negotiate(
  contracts: readonly AnyContract[],
  demands: Static<typeof ClientRequirements>,
): ServerResponse {
  const required = demands.requiredCapabilities ?? [];
  const contract = contracts.find(({ name }) => name === demands.module);
  const alternatives = contracts
    .filter(({ name }) => name !== demands.module)
    .filter((other) => required.length > 0 && missingIn(other, required).length === 0)
    .map(({ name }) => name);
  const beside = alternatives.length === 0 ? {} : { alternativeModules: alternatives };
  if (contract === undefined)
    return fail('DEPENDENCY_MISSING', `The module ${demands.module} does not run here.`, {
      module: demands.module,
      modules: contracts.map(({ name }) => name),
      ...beside,
    });
  const { version } = contract;
  const first = `${version.split('.', 1)[0]}.0.0`;
  const isTooNew = demands.maxVersion !== undefined && isBefore(demands.maxVersion, first);
  const isTooOld = demands.minVersion !== undefined && isBefore(version, demands.minVersion);
  if (isTooNew || isTooOld)
    return fail(
      'VERSION_UNSUPPORTED',
      `${contract.name} is ${version} here, and answers callers of ${first} and later.`,
      { supported: [version], minVersion: first, ...beside },
    );
  const missing = missingIn(contract, required);
  return {
    supportedVersion: version,
    availableCapabilities: capabilitiesIn(contract),
    limitations: [
      ...missing.map((name) => `${contract.name} does not offer ${name.slice(0, 128)}.`),
      ...Object.values(contract.operations).flatMap((op) =>
        op.sunset === undefined ? [] : [`${op.id} goes after ${op.sunset}.`],
      ),
    ],
    ...(missing.length === 0 ? {} : beside),
  };
}

/** Everything that a client may ask a module for by name. */
function capabilitiesIn(contract: AnyContract): string[] {
  const { tools } = toolRegistryOf(contract, [contract], { url: '', lastUpdated: '' }).capabilities;
  const kinds = new Set(Object.values(tools).flatMap(({ capabilities }) => capabilities));
  return [
    ...kinds,
    ...toolsOf([contract]).map(({ name }) => name),
    ...Object.keys(contract.events),
  ];
}

function missingIn(contract: AnyContract, required: readonly string[]): string[] {
  const operations = Object.values(contract.operations).map(({ id }) => id);
  const offered = new Set([...capabilitiesIn(contract), ...operations]);
  return required.filter((name) => !offered.has(name));
}

/** Whether a semantic version comes before another (Semantic Versioning 2.0.0, section 11). */
function isBefore(a: string, b: string): boolean {
  const parts = (version: string) => version.split('.').map(Number);
  const [x, y] = [parts(a), parts(b)];
  const at = x.findIndex((part, index) => part !== y[index]);
  return at >= 0 && (x[at] ?? 0) < (y[at] ?? 0);
}
