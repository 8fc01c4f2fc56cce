import type { AnyContract, TSchema } from '@anarq/common-schemas';
import { code, table } from './markdown.ts';
import { jsonText, markdownNote } from './notes.ts';

/** Resource types of a module: 'intent/{intentId}' is of type intent. */
const resourceTypes = (contract: AnyContract): string[] =>
  [
    ...new Set([
      ...Object.values(contract.operations).flatMap((op) =>
        op.resource === undefined ? [] : [op.resource.replace(/\/.*$/, '')],
      ),
      ...Object.keys(contract.policies.retention ?? {}),
      ...Object.keys(contract.policies.pinning ?? {}),
    ]),
  ].toSorted();

interface Sealed {
  readonly path: string;
  readonly sensitivity: string;
}

/** The members of a schema that are sealed before they reach the store. */
function sealedMembers(schema: TSchema, path: string): Sealed[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const s = schema as Readonly<Record<string, unknown>>;
  const own = typeof s['x-sensitive'] === 'string' ? [{ path, sensitivity: s['x-sensitive'] }] : [];
  const named = ['properties', '$defs'].flatMap((key) =>
    Object.entries((s[key] ?? {}) as Record<string, TSchema>).flatMap(([name, member]) =>
      sealedMembers(member, key === '$defs' ? path : `${path}.${name}`),
    ),
  );
  const unnamed = [s['items'], s['additionalProperties'], ...((s['anyOf'] as unknown[]) ?? [])];
  return [
    ...own,
    ...named,
    ...unnamed.flatMap((child) => sealedMembers(child as TSchema, `${path}[]`)),
  ];
}

/** storage/map.md: what a module keeps, for how long, and what of it is sealed. */
export function storageMap(contract: AnyContract): string {
  const types = resourceTypes(contract);
  const sealed = Object.values(contract.operations).flatMap((op) =>
    sealedMembers(op.input, `${op.id}.input`),
  );
  return [
    markdownNote,
    `# Storage of ${contract.title}\n\n`,
    `Rows live in the tables of ${code(contract.name)}, which no other module reads. Each has a tenant\n`,
    'and an owner. Content is not kept in rows: it lies in the content store as sealed blocks named by\n',
    'their CID, and a row refers to its root.\n\n',
    '## Resources\n\n',
    'The periods are what the module promises to keep at least; nothing is ended by itself yet.\n\n',
    types.length === 0
      ? 'No resource of its own.\n'
      : table(
          ['Resource', 'Kept', 'Then', 'Pinned', 'Copies', 'Access'],
          types.map((type) => {
            const retention = contract.policies.retention?.[type];
            const pinning = contract.policies.pinning?.[type];
            return [
              code(type),
              retention?.period ?? 'no end of its own',
              retention?.atEnd ?? '-',
              pinning?.strategy ?? '-',
              pinning === undefined ? '-' : String(pinning.replicationFactor),
              pinning?.accessPattern ?? '-',
            ];
          }),
        ),
    '\n## Sealed members\n\n',
    sealed.length === 0
      ? 'No member is marked personal or secret.\n'
      : table(
          ['Member', 'Marked'],
          sealed.map((member) => [code(member.path), member.sensitivity]),
        ),
  ].join('');
}

/** storage/pinning.policy.json: the pinning policy by resource type. */
export const pinningPolicy = (contract: AnyContract): string =>
  jsonText({
    module: contract.name,
    version: contract.version,
    policies: Object.entries(contract.policies.pinning ?? {})
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([resourceType, policy]) => ({
        resourceType,
        pinningStrategy: policy.strategy,
        replicationFactor: policy.replicationFactor,
        accessPattern: policy.accessPattern,
      })),
  });
