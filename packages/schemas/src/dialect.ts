import type { Static, TProperties, TSchema, TUnsafe } from 'typebox';
import * as json from './jsonSchema.ts';

/**
 * The closed dialect in which contracts are written. Every word builds a JSON Schema 2020-12
 * object; nothing else is accepted when a node starts (`checkDialect`), so that OpenAPI, AsyncAPI,
 * MCP, GraphQL and protobuf stay derivable from every contract.
 *
 * Everything has a limit: a string without one gets 4,096 characters, a list 1,000 items, a map 256
 * entries.
 *
 * @example
 * const Listing = t.named('Listing', t.object({ id: t.id(), price: t.decimal() }));
 */
export const LIMITS = {
  string_chars: 4_096,
  array_items: 1_000,
  map_entries: 256,
  bytes: 65_536,
  json_bytes: 16_384,
  recursion_depth: 32,
  page_items: 200,
} as const;

/** Marks a field whose value is sealed at rest and never logged. */
export type Sensitivity = 'personal' | 'secret';

export interface WordOptions {
  readonly description?: string;
  readonly sensitive?: Sensitivity;
}

export interface StringOptions extends WordOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
  /** ECMA-262 pattern, anchored by its author. */
  readonly pattern?: string;
}

export interface NumberOptions extends WordOptions {
  readonly minimum?: number;
  readonly maximum?: number;
}

const annotations = ({ description, sensitive }: WordOptions): Record<string, unknown> => ({
  ...(description === undefined ? {} : { description }),
  ...(sensitive === undefined ? {} : { 'x-sensitive': sensitive }),
});

const formatted = (format: string, pattern: string, maxLength: number, options: WordOptions) =>
  json.string({ 'x-format': format, pattern, maxLength, ...annotations(options) });

/**
 * Patterns of the formats. Each is linear: no nested repetition. A decimal has 39 digits before the
 * point, as the largest 128-bit amount has, and 18 after it.
 */
export const PATTERNS = {
  decimal: '^-?(0|[1-9][0-9]{0,38})(\\.[0-9]{1,18})?$',
  int64: '^-?(0|[1-9][0-9]{0,18})$',
  instant:
    '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z$',
  cid: '^(b[a-z2-7]{8,250}|z[1-9A-HJ-NP-Za-km-z]{8,250})$',
  did: '^did:[a-z0-9]{1,32}:[A-Za-z0-9._:%-]{1,400}$',
  cursor: '^[A-Za-z0-9_-]{1,1024}$',
  bytes: '^[A-Za-z0-9_-]*$',
  id: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$',
} as const;

export const t = {
  /** A closed object: members that are not named here are refused. */
  object: <const P extends TProperties>(properties: P, options: WordOptions = {}) =>
    json.object(properties, { additionalProperties: false, ...annotations(options) }),

  string: ({ minLength, maxLength = LIMITS.string_chars, pattern, ...rest }: StringOptions = {}) =>
    json.string({
      ...(minLength === undefined ? {} : { minLength }),
      maxLength,
      ...(pattern === undefined ? {} : { pattern }),
      ...annotations(rest),
    }),

  /** An integer in the range that every JSON reader keeps exactly. */
  integer: ({
    minimum = Number.MIN_SAFE_INTEGER,
    maximum = Number.MAX_SAFE_INTEGER,
    ...rest
  }: NumberOptions = {}) => json.integer({ minimum, maximum, ...annotations(rest) }),

  /** A binary floating-point number, for measurements. Never for money: that is `decimal`. */
  number: ({ minimum, maximum, ...rest }: NumberOptions = {}) =>
    json.number({
      ...(minimum === undefined ? {} : { minimum }),
      ...(maximum === undefined ? {} : { maximum }),
      ...annotations(rest),
    }),

  boolean: (options: WordOptions = {}) => json.boolean(annotations(options)),

  array: <S extends TSchema>(
    items: S,
    {
      minItems,
      maxItems = LIMITS.array_items,
      ...rest
    }: WordOptions & { readonly minItems?: number; readonly maxItems?: number } = {},
  ) =>
    json.array(items, {
      ...(minItems === undefined ? {} : { minItems }),
      maxItems,
      ...annotations(rest),
    }),

  enum: <const V extends readonly [string, ...string[]]>(
    values: V,
    options: WordOptions = {},
  ): TUnsafe<V[number]> =>
    json.unsafe<V[number]>({ type: 'string', enum: [...values], ...annotations(options) }),

  optional: <S extends TSchema>(schema: S) => json.optional(schema),

  /** The discriminator of a union's variant. */
  literal: <const V extends string>(value: V) => json.literal(value),

  /** One of several closed objects, told apart by the literal in `discriminator`. */
  union: <V extends TSchema[]>(
    discriminator: string,
    variants: [...V],
    options: WordOptions = {},
  ) =>
    json.union(variants, {
      discriminator: { propertyName: discriminator },
      ...annotations(options),
    }),

  /** Gives a schema the name under which documents refer to it. */
  named: <S extends TSchema>(name: string, schema: S): S => {
    // A copy that keeps TypeBox's hidden members; the given schema stays as it is.
    const copy: S = Object.create(
      Object.getPrototypeOf(schema),
      Object.getOwnPropertyDescriptors(schema),
    );
    Object.defineProperty(copy, 'x-name', { value: name, enumerable: true });
    return copy;
  },

  /** A named schema that contains itself; values deeper than 32 levels are refused. */
  recursive: <const N extends string, P extends TProperties>(
    name: N,
    properties: P,
    options: WordOptions = {},
  ) =>
    json.cyclic(name, properties, {
      'x-name': name,
      'x-depth': LIMITS.recursion_depth,
      ...annotations(options),
    }),

  /** Inside `recursive`: the schema of that name. */
  self: <const N extends string>(name: N) => json.ref(name),

  map: <S extends TSchema>(
    values: S,
    {
      maxEntries = LIMITS.map_entries,
      ...rest
    }: WordOptions & { readonly maxEntries?: number } = {},
  ) =>
    json.unsafe<Record<string, Static<S>>>({
      type: 'object',
      additionalProperties: values,
      propertyNames: { maxLength: 256 },
      maxProperties: maxEntries,
      ...annotations(rest),
    }),

  /** Bytes as base64url without padding (RFC 4648 section 5); the limit counts decoded bytes. */
  bytes: ({
    maxBytes = LIMITS.bytes,
    ...rest
  }: WordOptions & { readonly maxBytes?: number } = {}) =>
    json.string({
      'x-format': 'bytes',
      contentEncoding: 'base64url',
      pattern: PATTERNS.bytes,
      maxLength: Math.ceil((maxBytes * 4) / 3),
      ...annotations(rest),
    }),

  /** Any JSON value, opaque to the node, bounded in its serialised length. */
  json: ({
    maxBytes = LIMITS.json_bytes,
    ...rest
  }: WordOptions & { readonly maxBytes?: number } = {}) =>
    json.unsafe<JsonValue>({ 'x-format': 'json', 'x-max-bytes': maxBytes, ...annotations(rest) }),

  /** An exact decimal number as a string: money, prices, rates. */
  decimal: (options: WordOptions = {}) => formatted('decimal', PATTERNS.decimal, 59, options),
  /** A 64-bit integer as a string. */
  int64: (options: WordOptions = {}) => formatted('int64', PATTERNS.int64, 20, options),
  /** A UTC instant, RFC 3339, ending in Z. */
  instant: (options: WordOptions = {}) => formatted('instant', PATTERNS.instant, 30, options),
  cid: (options: WordOptions = {}) => formatted('cid', PATTERNS.cid, 251, options),
  did: (options: WordOptions = {}) => formatted('did', PATTERNS.did, 440, options),
  /** The opaque place in a list where the next page starts. */
  cursor: (options: WordOptions = {}) => formatted('cursor', PATTERNS.cursor, 1_024, options),
  /** An id that the node gave: letters, digits and ._:- */
  id: (options: WordOptions = {}) =>
    json.string({ pattern: PATTERNS.id, minLength: 1, maxLength: 128, ...annotations(options) }),
};

/** A page of a list: items, and the cursor of the next page where there is one. */
export const page = <S extends TSchema>(items: S) =>
  t.object({
    items: t.array(items, { maxItems: LIMITS.page_items }),
    next: t.optional(t.cursor({ description: 'Pass as cursor to read the next page.' })),
  });

/** Members of every list operation's input. */
export const pageInput = {
  limit: t.optional(
    t.integer({ minimum: 1, maximum: LIMITS.page_items, description: 'At most 200; default 50.' }),
  ),
  cursor: t.optional(t.cursor()),
};

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type { TObject, TSchema, Static } from 'typebox';
