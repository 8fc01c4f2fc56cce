import { templateMembers, wordOf, type AnyOperation, type TSchema } from '@anarq/common-schemas';
import { toJsonSchema, type Components, type JsonObject } from './jsonSchema.ts';
import { failureResponses } from './openapiErrors.ts';
import { parameterRefs, successSchema } from './openapiParts.ts';
import { accessInWords, nameInWords, signatureInWords } from './words.ts';

/** The OpenAPI operation object of one operation; its named schemas go to `components`. */
export function operationObject(op: AnyOperation, tag: string, components: Components): JsonObject {
  const body = bodyOf(op, components);
  return {
    operationId: op.id,
    tags: [tag],
    summary: op.summary,
    description: `${accessInWords(op)} Proof: ${signatureInWords(op)}`,
    ...(op.sunset === undefined ? {} : { deprecated: true, 'x-sunset': op.sunset }),
    'x-kind': op.kind,
    'x-scope': op.command,
    'x-signature': op.signature,
    ...(op.resource === undefined ? {} : { 'x-resource': op.resource }),
    ...(op.authorises === undefined ? {} : { 'x-authorises': { ...op.authorises } }),
    ...(op.mcp === false ? {} : { 'x-mcp-tool': op.mcp.tool }),
    security: op.access === 'public' ? [] : [{ agentToken: [] }, { callSignature: [] }],
    parameters: [...memberParameters(op, components), ...parameterRefs(op)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [op.job === undefined ? '200' : '202']: successResponse(op, components),
      ...failureResponses(op.errors),
    },
  };
}

const takesQuery = (op: AnyOperation): boolean =>
  op.http.method === 'GET' || op.http.method === 'DELETE';

const membersOf = (op: AnyOperation): Readonly<Record<string, TSchema>> => op.input.properties;

const requiredOf = (op: AnyOperation): readonly string[] => op.input.required ?? [];

/** Path members, and the other members where the method has no body. */
function memberParameters(op: AnyOperation, components: Components): JsonObject[] {
  const inPath = templateMembers(op.http.path);
  const sample = op.examples[0]?.input as Readonly<Record<string, unknown>> | undefined;
  const parameter = (name: string, member: TSchema): JsonObject => {
    const where = inPath.includes(name) ? 'path' : 'query';
    const schema = toJsonSchema(member, { refs: 'components', components });
    const { description } = member as { description?: string };
    const word = wordOf(member);
    const scalar = ['string', 'integer', 'number', 'boolean', 'literal'].includes(word ?? '');
    const example = sample?.[name] === undefined || !scalar ? {} : { example: sample[name] };
    return {
      name,
      in: where,
      required: where === 'path' || requiredOf(op).includes(name),
      ...(description === undefined ? {} : { description }),
      // What is not a scalar travels as JSON text in its parameter.
      ...(scalar ? { schema, ...example } : { content: { 'application/json': { schema } } }),
    };
  };
  return Object.entries(membersOf(op))
    .filter(([name]) => inPath.includes(name) || takesQuery(op))
    .map(([name, member]) => parameter(name, member));
}

/** The JSON body: the input without the members of the path; none where nothing is left. */
function bodyOf(op: AnyOperation, components: Components): JsonObject | undefined {
  if (takesQuery(op)) return undefined;
  const inPath = templateMembers(op.http.path);
  const left = Object.entries(membersOf(op)).filter(([name]) => !inPath.includes(name));
  if (left.length === 0) return undefined;
  const required = requiredOf(op).filter((name) => !inPath.includes(name));
  const written = (schema: TSchema): JsonObject =>
    toJsonSchema(schema, { refs: 'components', components });
  const schema =
    inPath.length === 0
      ? written(op.input)
      : {
          type: 'object',
          ...(required.length === 0 ? {} : { required }),
          properties: Object.fromEntries(left.map(([name, member]) => [name, written(member)])),
          additionalProperties: false,
        };
  const examples = op.examples.map((example, index) => [
    `example${index + 1}`,
    { summary: example.summary, value: without(example.input, inPath) },
  ]);
  return {
    required: required.length > 0,
    content: {
      'application/json': {
        schema,
        ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
      },
    },
  };
}

const without = (value: unknown, names: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(value as JsonObject).filter(([name]) => !names.includes(name)));

function successResponse(op: AnyOperation, components: Components): JsonObject {
  const examples = op.examples.flatMap((example, index) =>
    example.output === undefined
      ? []
      : [
          [
            `example${index + 1}`,
            {
              summary: example.summary,
              value: { status: 'ok', code: 'SUCCESS', message: 'Done.', data: example.output },
            },
          ] as const,
        ],
  );
  return {
    description: `Done: ${nameInWords(op.name)}.`,
    headers: {
      'x-request-id': { $ref: '#/components/headers/RequestId' },
      'x-api-version': { $ref: '#/components/headers/ApiVersion' },
      ...(op.kind === 'query'
        ? {}
        : { 'idempotent-replayed': { $ref: '#/components/headers/Replayed' } }),
    },
    content: {
      'application/json': {
        schema: successSchema(
          toJsonSchema(op.output, { refs: 'components', components }),
          op.fallback.strategy === 'CACHE',
        ),
        ...(examples.length === 0 ? {} : { examples: Object.fromEntries(examples) }),
      },
    },
  };
}
