import { API_VERSION, errorCodes, HEADERS, type AnyOperation } from '@anarq/common-schemas';
import type { JsonObject } from './jsonSchema.ts';
import { isWrite } from './words.ts';

/** The parts that every OpenAPI document shares: headers, security schemes and envelopes. */
const DID_TEXT = { type: 'string', pattern: '^did:', maxLength: 440 } as const;
const CID_TEXT = { type: 'string', maxLength: 251 } as const;

const header = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});

export const headerParameters: JsonObject = {
  ApiVersion: header(HEADERS.apiVersion, 'Version of the interface asked for.', {
    type: 'string',
    enum: [API_VERSION],
    default: API_VERSION,
  }),
  Identity: header(HEADERS.identity, 'Identity of the caller.', DID_TEXT),
  SubIdentity: header(HEADERS.subIdentity, 'Sub-identity that acts.', DID_TEXT),
  Consent: header(HEADERS.consent, 'CID of a registered grant, leaf of its chain.', CID_TEXT),
  Subject: header(
    HEADERS.subject,
    'Identity or organisation on whose behalf the caller acts, where it is not the caller.',
    DID_TEXT,
  ),
  Signature: header(HEADERS.signature, 'Session (s1.…) or full signature (v1.…).', {
    type: 'string',
    maxLength: 16_384,
  }),
  Timestamp: header(HEADERS.timestamp, 'Time of the call, milliseconds since 1970.', {
    type: 'integer',
    minimum: 0,
  }),
  IdempotencyKey: {
    ...header(
      'Idempotency-Key',
      'One fresh key for each intent, the same for each retry: a retry never acts twice.',
      { type: 'string', minLength: 1, maxLength: 128 },
    ),
    required: true,
  },
};

/** References to the headers that an operation takes. */
export const parameterRefs = (op: AnyOperation): JsonObject[] =>
  [
    ...(isWrite(op) ? ['IdempotencyKey'] : []),
    'ApiVersion',
    'Identity',
    'SubIdentity',
    'Consent',
    'Subject',
    'Signature',
    'Timestamp',
  ].map((name) => ({ $ref: `#/components/parameters/${name}` }));

export const headers: JsonObject = {
  ApiVersion: {
    description: 'Version of the interface that answered.',
    schema: { type: 'string', enum: [API_VERSION] },
  },
  RequestId: {
    description: 'Names this call to the operator.',
    schema: { type: 'string', maxLength: 128 },
  },
  Replayed: {
    description: 'true: the answer of an earlier call with this key; nothing was done again.',
    schema: { type: 'string', enum: ['true'] },
  },
};

export const securitySchemes: JsonObject = {
  agentToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'Token of an agent whose key the node keeps: one grant, with its limits.',
  },
  callSignature: {
    type: 'apiKey',
    in: 'header',
    name: HEADERS.signature,
    description: 'Session or full signature, with x-squid-id, x-ts and, for full ones, x-subid.',
  },
};

const common = {
  cid: {
    ...CID_TEXT,
    description: 'CID of the sealed record of this call; absent for unrecorded reads.',
  },
  replayed: {
    type: 'boolean',
    const: true,
    description: 'The answer of an earlier call with the same idempotency key.',
  },
} as const;

/** Of an operation whose contract lets the last answer stand in for one that cannot be had. */
export const staleSchema = {
  type: 'object',
  required: ['since', 'age_ms'],
  properties: {
    since: { type: 'string', format: 'date-time' },
    age_ms: { type: 'integer', minimum: 0 },
  },
  additionalProperties: false,
  description: 'The module cannot be reached: this is what it answered then.',
} as const;

/**
 * The envelope of a call that succeeded, around the schema of its data.
 * @param mayBeStale the answer may be one of before
 */
export const successSchema = (data: JsonObject, mayBeStale: boolean): JsonObject => ({
  type: 'object',
  required: ['status', 'code', 'message', 'data'],
  properties: {
    status: { type: 'string', const: 'ok' },
    code: { type: 'string', const: 'SUCCESS' },
    message: { type: 'string', maxLength: 4_096 },
    data,
    ...common,
    ...(mayBeStale ? { stale: staleSchema } : {}),
  },
  additionalProperties: false,
});

/** Members of the envelope of a call that did not succeed. */
export const failureProperties = {
  status: { type: 'string', const: 'error' },
  code: { type: 'string', enum: errorCodes },
  message: { type: 'string', maxLength: 4_096 },
  details: { type: 'object', additionalProperties: true },
  timestamp: { type: 'string', format: 'date-time', maxLength: 30 },
  requestId: { type: 'string', maxLength: 128 },
  retryable: { type: 'boolean', description: 'The same call, unchanged, may succeed later.' },
  suggestedActions: { type: 'array', items: { type: 'string' }, maxItems: 16 },
  ...common,
} as const;

export const failureRequired = [
  'status',
  'code',
  'message',
  'timestamp',
  'requestId',
  'retryable',
  'suggestedActions',
] as const;

/** Schemas of every document; a module's schema of the same name is qualified by its module. */
export const fixedSchemas: Readonly<Record<string, JsonObject>> = {
  Failure: {
    type: 'object',
    description: 'The answer to a call that did not succeed.',
    required: failureRequired,
    properties: failureProperties,
    additionalProperties: false,
  },
};
