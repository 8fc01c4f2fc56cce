import { errorCodes, errorEntry, type AnyContract } from '@anarq/common-schemas';
import { asyncapiOf } from './asyncapi.ts';
import { graphqlText } from './graphql/schema.ts';
import { code, table } from './markdown.ts';
import { yamlText } from './moduleFiles.ts';
import { markdownNote } from './notes.ts';
import { openapiOf } from './openapi.ts';
import { catalogue } from './operationHelp.ts';

/** The reference of the whole node, by path below docs/reference. */
export const referenceFiles = (contracts: readonly AnyContract[]): Map<string, string> =>
  new Map([
    ['errors.md', errorReference()],
    ['operations.md', operationReference(contracts)],
    ['openapi.yaml', yamlText(openapiOf(contracts))],
    ['asyncapi.yaml', yamlText(asyncapiOf(contracts))],
    ['schema.graphql', graphqlText(contracts)],
  ]);

const errorReference = (): string =>
  [
    markdownNote,
    '# Errors\n\n',
    'Every refusal, on every surface, carries one of these codes.\n\n',
    table(
      ['Code', 'HTTP', 'gRPC', 'Retry helps', 'Meaning', 'What to do'],
      errorCodes.map((name) => {
        const entry = errorEntry(name);
        return [
          code(name),
          String(entry.http),
          entry.grpc,
          entry.retryable ? 'yes' : 'no',
          entry.message,
          entry.actions.join(' '),
        ];
      }),
    ),
  ].join('');

const operationReference = (contracts: readonly AnyContract[]): string =>
  [
    markdownNote,
    '# Operations\n',
    ...catalogue(contracts).map(
      (module) =>
        `\n## ${module.title} (${module.module} ${module.version})\n\n${module.purpose}\n\n${table(
          ['Operation', 'What it does', 'Kind', 'HTTP', 'MCP tool', 'Scope', 'Access', 'Signature'],
          module.operations.map((op) => [
            code(op.id),
            op.summary,
            op.kind,
            code(op.http),
            op.tool === undefined ? '-' : code(op.tool),
            code(op.scope),
            op.access,
            op.signature,
          ]),
        )}`,
    ),
  ].join('');
