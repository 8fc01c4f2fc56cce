import { wordOf, type TSchema } from '@anarq/common-schemas';

/** A JSON object of a derived document, in the order in which it is written. */
export type JsonObject = Record<string, unknown>;

/** Where a document keeps its named schemas, and under which name each one stands there. */
export interface Components {
  readonly schemas: Map<string, JsonObject>;
  readonly nameOf: (name: string) => string;
}

/**
 * How named schemas are written. `components`: once, in the document's components, and referred to.
 * `inline`: where they stand, so that the result needs nothing outside itself; only recursive ones
 * stay references, into the `$defs` of the result.
 */
export type Refs =
  | { readonly refs: 'components'; readonly components: Components }
  | { readonly refs: 'inline' };

interface Walk {
  readonly components: Components | undefined;
  readonly defs: Map<string, JsonObject>;
}

/** Keywords of TypeBox or of the dialect that are written in another way, or not at all. */
const REWRITTEN = new Set(['$id', '$defs', '$ref', 'x-name', 'discriminator']);

/**
 * Writes a schema of the dialect as plain JSON Schema 2020-12.
 *
 * References lead to `#/components/schemas/Name` or `#/$defs/Name`; instants carry the `date-time`
 * format; the other formats of the dialect stay readable as `x-format`.
 * @throws Error when two different schemas carry the same name
 */
export function toJsonSchema(schema: TSchema, options: Refs): JsonObject {
  const walk: Walk = {
    components: options.refs === 'components' ? options.components : undefined,
    defs: new Map(),
  };
  const written = write(schema as JsonObject, walk);
  return walk.defs.size === 0 ? written : { ...written, $defs: sorted(walk.defs) };
}

/** A map as an object, its keys in code unit order. */
export const sorted = <V>(map: ReadonlyMap<string, V>): Record<string, V> =>
  Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The reference to a named schema of the document's components. */
const componentRef = (components: Components, name: string): JsonObject => ({
  $ref: `#/components/schemas/${components.nameOf(name)}`,
});

function write(schema: JsonObject, walk: Walk): JsonObject {
  const word = wordOf(schema);
  if (word === 'self') return refTo(schema['$ref'] as string, walk);
  if (word === 'recursive') {
    const name = schema['$ref'] as string;
    const annotations = body(schema, walk);
    const target = (schema['$defs'] as Record<string, JsonObject>)[name] ?? {};
    define(name, { ...annotations, ...body(target, walk) }, walk);
    return refTo(name, walk);
  }
  const name = schema['x-name'];
  if (typeof name !== 'string') return body(schema, walk);
  if (walk.components === undefined) return { title: name, ...body(schema, walk) };
  define(name, body(schema, walk), walk);
  return refTo(name, walk);
}

const refTo = (name: string, walk: Walk): JsonObject =>
  walk.components === undefined ? { $ref: `#/$defs/${name}` } : componentRef(walk.components, name);

function define(name: string, schema: JsonObject, walk: Walk): void {
  const [target, key] =
    walk.components === undefined
      ? ([walk.defs, name] as const)
      : ([walk.components.schemas, walk.components.nameOf(name)] as const);
  const known = target.get(key);
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
    throw new Error(`two different schemas are named ${key}; give one of them another name`);
  target.set(key, schema);
}

/** A schema without its name: its keywords, with everything below it written out. */
function body(schema: JsonObject, walk: Walk): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (REWRITTEN.has(key)) continue;
    out[key] = child(key, value, walk);
  }
  if (schema['x-format'] === 'instant') out['format'] = 'date-time';
  const mapping = discriminatorOf(schema, out);
  return mapping === undefined ? out : { ...out, discriminator: mapping };
}

function child(key: string, value: unknown, walk: Walk): unknown {
  switch (key) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Record<string, JsonObject>).map(([name, member]) => [
          name,
          write(member, walk),
        ]),
      );
    case 'anyOf':
      return (value as JsonObject[]).map((variant) => write(variant, walk));
    case 'items':
      return write(value as JsonObject, walk);
    case 'additionalProperties':
      return typeof value === 'object' ? write(value as JsonObject, walk) : value;
    default:
      return value;
  }
}

/**
 * The OpenAPI discriminator of a union, where every variant is a reference: inline variants are not
 * considered by it (OpenAPI 3.1.1, section 4.8.25), and each carries its own literal anyway.
 */
function discriminatorOf(schema: JsonObject, written: JsonObject): JsonObject | undefined {
  const named = (schema['discriminator'] as JsonObject | undefined)?.['propertyName'];
  if (typeof named !== 'string') return undefined;
  const refs = (written['anyOf'] as JsonObject[]).map((variant) => variant['$ref']);
  if (!refs.every((ref) => typeof ref === 'string' && ref.startsWith('#/components/')))
    return undefined;
  const literals = (schema['anyOf'] as { properties: Record<string, { const: string }> }[]).map(
    (variant) => variant.properties[named]?.const,
  );
  return {
    propertyName: named,
    mapping: Object.fromEntries(literals.map((literal, index) => [literal, refs[index]])),
  };
}
