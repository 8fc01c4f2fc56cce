import { eventSchemaId, type AnyContract, type EventSpec } from '@anarq/common-schemas';
import { joinComponents } from './components.ts';
import { sorted, toJsonSchema, type Components, type JsonObject } from './jsonSchema.ts';
import { infoOf } from './openapi.ts';

/**
 * The AsyncAPI 3.0 document of what one module, or several joined, send: one channel a topic, and
 * on it CloudEvents 1.0 in structured JSON.
 * @returns plain data, ready for JSON or YAML
 */
export function asyncapiOf(contracts: readonly AnyContract[]): JsonObject {
  const joined = joinComponents(contracts, []);
  const channels: JsonObject = {};
  const operations: JsonObject = {};
  const messages: JsonObject = {};
  for (const contract of contracts)
    for (const [topic, event] of Object.entries(contract.events)) {
      messages[topic] = message(contract, topic, event, joined.of(contract));
      channels[topic] = {
        address: topic,
        description: event.summary,
        messages: { event: { $ref: `#/components/messages/${topic}` } },
      };
      operations[`send.${topic}`] = {
        action: 'send',
        summary: event.summary,
        channel: { $ref: `#/channels/${topic}` },
        messages: [{ $ref: `#/channels/${topic}/messages/event` }],
      };
    }
  return {
    asyncapi: '3.0.0',
    info: asyncInfo(contracts),
    defaultContentType: 'application/cloudevents+json',
    channels,
    operations,
    components: { messages, schemas: sorted(joined.schemas) },
  };
}

function asyncInfo(contracts: readonly AnyContract[]): JsonObject {
  return {
    ...infoOf(contracts),
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    tags: contracts.map((contract) => ({ name: contract.title, description: contract.purpose })),
  };
}

function message(
  contract: AnyContract,
  topic: string,
  event: EventSpec,
  components: Components,
): JsonObject {
  return {
    name: topic,
    title: event.summary,
    contentType: 'application/cloudevents+json',
    ...(event.retention === undefined ? {} : { 'x-retention': event.retention }),
    payload: cloudEvent(
      contract.name,
      topic,
      event,
      toJsonSchema(event.schema, { refs: 'components', components }),
    ),
  };
}

/** A CloudEvents 1.0 envelope; the attribute names are those of its specification. */
function cloudEvent(module: string, topic: string, event: EventSpec, data: JsonObject): JsonObject {
  const fixed = (value: string): JsonObject => ({ type: 'string', const: value });
  const subject =
    event.subject === undefined ? {} : { description: `The payload's ${event.subject}.` };
  return {
    type: 'object',
    required: [
      'specversion',
      'id',
      'source',
      'type',
      ...(event.subject === undefined ? [] : ['subject']),
      'time',
      'datacontenttype',
      'dataschema',
      'data',
    ],
    properties: {
      specversion: fixed('1.0'),
      id: { type: 'string', minLength: 1, maxLength: 128, description: 'Unique within source.' },
      source: fixed(`/modules/${module}`),
      type: fixed(topic),
      subject: { type: 'string', minLength: 1, maxLength: 512, ...subject },
      time: { type: 'string', format: 'date-time', description: 'When it was committed, UTC.' },
      datacontenttype: fixed('application/json'),
      dataschema: fixed(eventSchemaId(module, topic)),
      data,
    },
    // Extension attributes (trace context among them) stand beside the ones above.
    additionalProperties: true,
  };
}
