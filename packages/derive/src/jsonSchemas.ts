import {
  eventSchemaId,
  type AnyContract,
  type AnyOperation,
  type TSchema,
} from '@anarq/common-schemas';
import { toJsonSchema, type JsonObject } from './jsonSchema.ts';
import { code, codes, table } from './markdown.ts';
import { jsonText, markdownNote } from './notes.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const major = (version: string): string => version.slice(0, version.indexOf('.'));

/** A schema as a document of its own, without a reference to anything outside it. */
function standalone(id: string, title: string, schema: TSchema, extra: JsonObject = {}): string {
  const { title: _, ...written } = toJsonSchema(schema, { refs: 'inline' });
  return jsonText({ $schema: DIALECT, $id: id, title, ...extra, ...written });
}

const operationSchema = (op: AnyOperation, side: 'input' | 'output'): string =>
  standalone(
    `urn:q:${op.module}:${op.name}:${side}:v${major(op.version)}`,
    `${op.id} ${side}`,
    op[side],
  );

/** contracts/<operation>.{input,output}.schema.json and events/<topic>.event.json, by path. */
export function schemaFiles(contract: AnyContract): Map<string, string> {
  const files = new Map<string, string>();
  for (const op of Object.values(contract.operations))
    for (const side of ['input', 'output'] as const)
      files.set(`contracts/${op.name}.${side}.schema.json`, operationSchema(op, side));
  for (const [topic, event] of Object.entries(contract.events))
    files.set(
      `events/${topic}.event.json`,
      standalone(eventSchemaId(contract.name, topic), event.summary, event.schema, {
        'x-topic': topic,
        'x-compatibility': 'BACKWARD',
        ...(event.subject === undefined ? {} : { 'x-subject': event.subject }),
        ...(event.retention === undefined ? {} : { 'x-retention': event.retention }),
      }),
    );
  return files;
}

/** events/catalog.md: the topics of a module, and which operation sends each. */
export function eventCatalogue(contract: AnyContract): string {
  const senders = (topic: string): string[] =>
    Object.values(contract.operations)
      .filter((op) => op.emits.includes(topic))
      .map((op) => op.id);
  const topics = Object.entries(contract.events);
  return [
    markdownNote,
    `# Events of ${contract.title}\n\n`,
    topics.length === 0
      ? 'This module sends no events.\n'
      : table(
          ['Topic', 'When', 'Subject', 'Sent by', 'Kept', 'Payload'],
          topics.map(([topic, event]) => [
            code(topic),
            event.summary,
            event.subject === undefined ? '-' : code(event.subject),
            codes(senders(topic)),
            event.retention ?? 'as the outbox',
            `[schema](${topic}.event.json)`,
          ]),
        ),
    '\nEvents are CloudEvents 1.0, delivered at least once, in order per module and subject. A topic\n',
    'changes only by adding optional members (compatibility BACKWARD); a breaking change is a new\n',
    'topic with the next version beside the old one.\n',
  ].join('');
}
