import { wordOf, type AnyContract, type TSchema } from '@anarq/common-schemas';
import { joinComponents } from './components.ts';

/**
 * The schemas of a contract as types that have names: what GraphQL and protobuf need to know of them,
 * and nothing that only JSON Schema has. A schema that contains itself is a shape that does.
 */
export type Shape = ScalarShape | EnumShape | ObjectShape | UnionShape | ListShape | MapShape;

/** Formats of the dialect, and its words without parts. */
export type ScalarType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'number'
  | 'json'
  | 'literal'
  | 'decimal'
  | 'int64'
  | 'instant'
  | 'cid'
  | 'did'
  | 'cursor'
  | 'bytes';

export interface ScalarShape {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  /** Of an integer: every value fits 32 bits. */
  readonly isSmall: boolean;
  /** Of a literal: its value. */
  readonly value: string | undefined;
}

export interface EnumShape {
  readonly kind: 'enum';
  readonly name: string;
  readonly values: readonly string[];
}

export interface MemberShape {
  readonly name: string;
  readonly shape: Shape;
  readonly isOptional: boolean;
  readonly description: string | undefined;
}

export interface ObjectShape {
  readonly kind: 'object';
  readonly name: string;
  readonly description: string | undefined;
  readonly members: readonly MemberShape[];
}

export interface UnionShape {
  readonly kind: 'union';
  readonly name: string;
  readonly description: string | undefined;
  readonly discriminator: string;
  readonly variants: readonly { readonly literal: string; readonly shape: ObjectShape }[];
}

interface ListShape {
  readonly kind: 'list';
  readonly items: Shape;
}

export interface MapShape {
  readonly kind: 'map';
  readonly values: Shape;
}

type Schema = Readonly<Record<string, unknown>>;

/** Gives the shapes of one contract; the same named schema is the same shape each time. */
export interface ShapeBook {
  /** @param name what the schema is called where it has no name of its own */
  shapeOf(schema: TSchema, name: string): Shape;
}

/**
 * Prepares the shapes of several contracts that share one space of names. A name that means two
 * things in two modules, or is `reserved`, is qualified: `QmarketListing`.
 */
export function shapeBooks(
  contracts: readonly AnyContract[],
  reserved: readonly string[] = [],
): (contract: AnyContract) => ShapeBook {
  const joined = joinComponents(contracts, reserved);
  const known = new Map<string, Shape>();
  return (contract) => {
    const { nameOf } = joined.of(contract);
    const walk: Walk = { known, nameOf: (name) => pascal(nameOf(name)) };
    return { shapeOf: (schema, name) => visit(schema as Schema, name, walk) };
  };
}

interface Walk {
  readonly known: Map<string, Shape>;
  readonly nameOf: (name: string) => string;
}

function visit(schema: Schema, name: string, walk: Walk): Shape {
  const word = wordOf(schema);
  const isCyclic = word === 'self' || word === 'recursive';
  // A recursive schema goes by the name that it refers to itself with.
  const given = isCyclic ? schema['$ref'] : schema['x-name'];
  if (typeof given !== 'string') return written(schema, name, walk);
  const fixed = walk.nameOf(given);
  const known = walk.known.get(fixed);
  if (known !== undefined) return known;
  const body = isCyclic ? (schema['$defs'] as Record<string, Schema> | undefined)?.[given] : schema;
  const shape = written(body ?? {}, fixed, walk, fixed);
  walk.known.set(fixed, shape);
  return shape;
}

/** @param known the name under which an object is known before it is whole: inside it, it is itself */
function written(schema: Schema, name: string, walk: Walk, known?: string): Shape {
  switch (wordOf(schema)) {
    case 'object':
      return objectOf(schema, name, walk, known);
    case 'array':
      return { kind: 'list', items: visit(schema['items'] as Schema, name, walk) };
    case 'map':
      return { kind: 'map', values: visit(schema['additionalProperties'] as Schema, name, walk) };
    case 'union':
      return unionOf(schema, name, walk);
    case 'string':
      return Array.isArray(schema['enum'])
        ? { kind: 'enum', name, values: schema['enum'] }
        : scalar((schema['x-format'] as ScalarType | undefined) ?? 'string');
    case 'literal':
      return { ...scalar('literal'), value: schema['const'] as string };
    case 'integer':
      return { ...scalar('integer'), isSmall: isSmall(schema) };
    default:
      return scalar(wordOf(schema) as ScalarType);
  }
}

const scalar = (type: ScalarType): ScalarShape => ({
  kind: 'scalar',
  type,
  isSmall: false,
  value: undefined,
});

const isSmall = ({ minimum, maximum }: Schema): boolean =>
  (minimum as number) >= -(2 ** 31) && (maximum as number) < 2 ** 31;

function objectOf(schema: Schema, name: string, walk: Walk, known?: string): ObjectShape {
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  const members: MemberShape[] = [];
  const description = schema['description'] as string | undefined;
  const shape: ObjectShape = { kind: 'object', name, description, members };
  if (known !== undefined) walk.known.set(known, shape);
  for (const [member, child] of Object.entries(schema['properties'] as Record<string, Schema>))
    members.push({
      name: member,
      shape: visit(child, `${name}${pascal(member)}`, walk),
      isOptional: !required.has(member),
      description: child['description'] as string | undefined,
    });
  return shape;
}

function unionOf(schema: Schema, name: string, walk: Walk): UnionShape {
  const discriminator = (schema['discriminator'] as { propertyName: string }).propertyName;
  return {
    kind: 'union',
    name,
    description: schema['description'] as string | undefined,
    discriminator,
    variants: (schema['anyOf'] as Schema[]).map((variant) => {
      const properties = variant['properties'] as Record<string, { const: string }>;
      const literal = properties[discriminator]?.const ?? '';
      return { literal, shape: visit(variant, `${name}${pascal(literal)}`, walk) as ObjectShape };
    }),
  };
}

/** 'openSession' is OpenSession, 'pay.v2' PayV2, 'a-b' AB: the name of a type. */
export const pascal = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');
