import type { AnyContract } from '@anarq/common-schemas';
import { stringify } from 'yaml';
import { asyncapiOf } from './asyncapi.ts';
import { compatibilityMatrix, composeFile } from './deployment.ts';
import { graphqlText } from './graphql/schema.ts';
import type { JsonObject } from './jsonSchema.ts';
import { eventCatalogue, schemaFiles } from './jsonSchemas.ts';
import { mcpJson } from './mcpTools.ts';
import { jsonText, yamlNote } from './notes.ts';
import { auditSpecification, metrics } from './observability.ts';
import { openapiOf } from './openapi.ts';
import { extendLock, LOCK_FILE, NO_LOCK, type FieldLock } from './proto/lock.ts';
import { protoModelOf } from './proto/model.ts';
import { protoText } from './proto/text.ts';
import { policies } from './policies.ts';
import { pinningPolicy, storageMap } from './storageFiles.ts';

/** Folders of a module that hold derived files. */
export const DERIVED_FOLDERS = [
  'contracts',
  'events',
  'security',
  'storage',
  'observability',
  'compat',
] as const;

/**
 * A document as YAML: the same text for the same data, without anchors. What a YAML 1.1 reader would
 * take for a date or a truth value is quoted.
 */
export const yamlText = (document: JsonObject): string =>
  yamlNote +
  stringify(document, { aliasDuplicateObjects: false, compat: 'yaml-1.1', lineWidth: 100 });

/**
 * Everything that is derived for one module, by path below its folder.
 * @param all every contract of the node, for what the module needs and who needs it
 * @param lock the field numbers that were given before
 * @throws Error for names that clash within a document
 */
export function derivedFiles(
  contract: AnyContract,
  all: readonly AnyContract[],
  lock: FieldLock = NO_LOCK,
): Map<string, string> {
  const model = protoModelOf(contract);
  return new Map([
    ['openapi.yaml', yamlText(openapiOf([contract]))],
    ['asyncapi.yaml', yamlText(asyncapiOf([contract]))],
    ['mcp.json', jsonText(mcpJson(contract))],
    ['docker-compose.yml', composeFile(contract)],
    ...schemaFiles(contract),
    ['contracts/schema.graphql', graphqlText([contract])],
    [LOCK_FILE, jsonText({ ...extendLock(lock, model) })],
    [`contracts/${contract.name}.proto`, protoText(model, lock)],
    ['events/catalog.md', eventCatalogue(contract)],
    ['security/policies.md', policies(contract)],
    ['storage/map.md', storageMap(contract)],
    ['storage/pinning.policy.json', pinningPolicy(contract)],
    ['observability/audit.md', auditSpecification(contract)],
    ['observability/metrics.json', metrics(contract)],
    ['compat/matrix.md', compatibilityMatrix(contract, all)],
  ]);
}
