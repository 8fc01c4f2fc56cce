import { fail } from '@anarq/common-schemas';
import type { MapShape, ObjectShape, Shape, UnionShape } from '../shapes.ts';
import { variantName } from './types.ts';

type Members = Readonly<Record<string, unknown>>;

interface Entry {
  readonly key: string;
  readonly value: unknown;
}

/**
 * A value of a contract as GraphQL resolves it: maps as lists of entries, the variants of a union
 * with the name of their type.
 */
export function toGraphql(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  switch (shape.kind) {
    case 'list':
      return (value as readonly unknown[]).map((item) => toGraphql(shape.items, item));
    case 'map':
      return Object.entries(value).map(([key, item]) => ({
        key,
        value: toGraphql(shape.values, item),
      }));
    case 'object':
      return objectTo(shape, value as Members);
    case 'union': {
      const variant = shape.variants.find(
        ({ literal }) => literal === (value as Members)[shape.discriminator],
      );
      if (variant === undefined) return undefined;
      const { shape: of } = variant;
      return { ...objectTo(of, value as Members), __typename: of.name };
    }
    default:
      return value;
  }
}

const objectTo = ({ members }: ObjectShape, value: Members): Members =>
  Object.fromEntries(
    members.map(({ name, shape }) => [name, toGraphql(shape, value[name])] as const),
  );

/**
 * An input as GraphQL read it, as a value of the contract. Null is absence, except where JSON is
 * taken.
 * @throws QError INPUT_INVALID where a map has a key twice
 */
export function fromGraphql(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'list':
      return (value as readonly unknown[]).map((item) => fromGraphql(shape.items, item));
    case 'map':
      return mapFrom(shape, value as readonly Entry[]);
    case 'object':
      return objectFrom(shape, value as Members);
    case 'union':
      return unionFrom(shape, value as Members);
    default:
      return value;
  }
}

function objectFrom({ members }: ObjectShape, value: Members): Members {
  const given: [string, unknown][] = [];
  for (const { name, shape, isOptional } of members) {
    const member = value[name];
    const isJson = shape.kind === 'scalar' && shape.type === 'json';
    // JSON has a null of its own; required JSON that is not given is left to the validation.
    if (member === undefined || (member === null && !(isJson || !isOptional))) continue;
    given.push([name, member === null ? null : fromGraphql(shape, member)]);
  }
  return Object.fromEntries(given);
}

function mapFrom(shape: MapShape, entries: readonly Entry[]): Members {
  const keys = new Set<string>();
  for (const { key } of entries) {
    if (key === '__proto__') fail('INPUT_MALFORMED', 'No member may be named __proto__.');
    if (keys.has(key))
      fail('INPUT_INVALID', `The key ${key.slice(0, 64)} is given twice.`, {
        member: key.slice(0, 64),
      });
    keys.add(key);
  }
  return Object.fromEntries(
    entries.map(({ key, value }) => [key, fromGraphql(shape.values, value)]),
  );
}

function unionFrom({ discriminator, variants }: UnionShape, value: Members): Members {
  // One member of the input is given: GraphQL has seen to that (OneOf Input Objects).
  const variant = variants.find(({ literal }) => Object.hasOwn(value, variantName(literal)));
  if (variant === undefined) return {};
  const { literal, shape } = variant;
  return {
    ...objectFrom(shape, value[variantName(literal)] as Members),
    [discriminator]: literal,
  };
}
