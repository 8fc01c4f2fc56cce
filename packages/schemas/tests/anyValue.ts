import fc from 'fast-check';
import { wordOf, type TSchema } from '../src/index.ts';

type Schema = Readonly<Record<string, unknown>>;

const DEPTH_MAX = 3;

/**
 * Random values that a schema of the dialect takes, for tests that send them somewhere. Texts with a
 * pattern of their own are ids.
 */
export const anyValue = (schema: TSchema): fc.Arbitrary<unknown> =>
  valueOf(schema as Schema, {}, 0);

function valueOf(
  schema: Schema,
  defs: Readonly<Record<string, Schema>>,
  depth: number,
): fc.Arbitrary<unknown> {
  const inner = (child: unknown) => valueOf(child as Schema, defs, depth + 1);
  switch (wordOf(schema)) {
    case 'object':
      return objectOf(schema, defs, depth);
    case 'array':
      return fc.array(inner(schema['items']), {
        minLength: (schema['minItems'] as number | undefined) ?? 0,
        maxLength: Math.min(4, schema['maxItems'] as number),
      });
    case 'map':
      return fc.dictionary(text(1, 12), inner(schema['additionalProperties']), {
        maxKeys: Math.min(4, schema['maxProperties'] as number),
        noNullPrototype: true,
      });
    case 'union':
      return fc.oneof(...(schema['anyOf'] as Schema[]).map(inner));
    case 'recursive':
      return valueOf(
        (schema['$defs'] as Record<string, Schema>)[schema['$ref'] as string] ?? {},
        { ...defs, ...(schema['$defs'] as Record<string, Schema>) },
        depth,
      );
    case 'self':
      return inner(defs[schema['$ref'] as string]);
    case 'literal':
      return fc.constant(schema['const']);
    case 'json':
      return fc
        .jsonValue({ maxDepth: 2, noUnicodeString: false })
        .filter((value) => isPlain(value))
        .filter((value) => JSON.stringify(value).length * 3 < (schema['x-max-bytes'] as number));
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema['minimum'] as number, max: schema['maximum'] as number });
    case 'number':
      return fc
        .double({
          min: (schema['minimum'] as number | undefined) ?? -1e300,
          max: (schema['maximum'] as number | undefined) ?? 1e300,
          noNaN: true,
        })
        .map((value) => value + 0);
    default:
      return textOf(schema);
  }
}

function objectOf(
  schema: Schema,
  defs: Readonly<Record<string, Schema>>,
  depth: number,
): fc.Arbitrary<unknown> {
  const required = new Set(schema['required'] as string[] | undefined);
  const members = Object.entries(schema['properties'] as Record<string, Schema>).filter(
    ([name]) => required.has(name) || depth < DEPTH_MAX * 2,
  );
  return fc.record(
    Object.fromEntries(members.map(([name, child]) => [name, valueOf(child, defs, depth + 1)])),
    { requiredKeys: [...required], noNullPrototype: true },
  );
}

/** Made once: each time it lists every grapheme. */
const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 });

const text = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: grapheme, minLength, maxLength: Math.min(20, maxLength) })
    .filter((value) => value.length >= minLength && value.length <= maxLength && isName(value));

/** No surface takes a member of this name. */
const isName = (value: string): boolean => value !== '__proto__';

/** JSON has no negative zero: it is written as 0. */
const isPlain = (value: unknown): boolean =>
  !Object.is(value, -0) &&
  (typeof value !== 'object' ||
    value === null ||
    Object.entries(value).every(([key, member]) => isName(key) && isPlain(member)));

const digits = fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n });

function textOf(schema: Schema): fc.Arbitrary<unknown> {
  const values = schema['enum'] as readonly string[] | undefined;
  if (values !== undefined) return fc.constantFrom(...values);
  const max = schema['maxLength'] as number;
  switch (schema['x-format']) {
    case 'decimal':
      return fc
        .tuple(digits, fc.nat({ max: 999_999 }))
        .map(([whole, rest]) => `${whole}.${String(rest).padStart(6, '0')}`);
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
    case 'instant':
      return fc
        .date({ min: new Date(0), max: new Date('9999-01-01T00:00:00Z'), noInvalidDate: true })
        .map((date) => date.toISOString());
    case 'cid':
      return fc
        .string({
          unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
          minLength: 58,
          maxLength: 58,
        })
        .map((rest) => `b${rest}`);
    case 'did':
      return fc.uuid().map((id) => `did:squid:${id}`);
    case 'cursor':
      return fc
        .uint8Array({ minLength: 1, maxLength: 24 })
        .map((bytes) => Buffer.from(bytes).toString('base64url'));
    case 'bytes':
      return fc
        .uint8Array({ maxLength: Math.min(64, Math.floor((max * 3) / 4)) })
        .map((bytes) => Buffer.from(bytes).toString('base64url'));
    default:
      return schema['pattern'] === undefined
        ? text((schema['minLength'] as number | undefined) ?? 0, max)
        : fc.uuid().map((id) => id.slice(0, max));
  }
}
