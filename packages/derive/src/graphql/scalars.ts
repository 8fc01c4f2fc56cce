import { GraphQLError, GraphQLScalarType, valueFromASTUntyped } from 'graphql';
import type { ScalarType } from '../shapes.ts';

const textScalar = (name: string, description: string): GraphQLScalarType<string, string> =>
  new GraphQLScalarType({
    name,
    description,
    coerceOutputValue: (value) => String(value),
    coerceInputValue: (value) =>
      typeof value === 'string' ? value : refuse(name, 'a text', value),
    coerceInputLiteral: (node) =>
      node.kind === 'StringValue' ? node.value : refuse(name, 'a text', node.kind),
  });

function refuse(name: string, expected: string, got: unknown): never {
  throw new GraphQLError(`${name} takes ${expected}, not ${typeof got}.`);
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** Whole numbers that JSON keeps exactly; GraphQL's own Int ends at 32 bits. */
const integer = new GraphQLScalarType<number, number>({
  name: 'Integer',
  description: 'A whole number that JSON keeps exactly: at most 9007199254740991 either way.',
  coerceOutputValue: (value) =>
    isWhole(value) ? value : refuse('Integer', 'a whole number', value),
  coerceInputValue: (value) =>
    isWhole(value) ? value : refuse('Integer', 'a whole number', value),
  coerceInputLiteral: (node) => {
    const value = node.kind === 'IntValue' ? Number(node.value) : undefined;
    return isWhole(value) ? value : refuse('Integer', 'a whole number', node.kind);
  },
});

/** A literal as `JSON.parse` would have read it: objects with a prototype, and none that sets it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, '__proto__'))
    throw new GraphQLError('No member may be named __proto__.');
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

/** Values without a type. A literal may be written in GraphQL's own notation, variables in it too. */
const json = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value.',
  coerceOutputValue: (value) => value,
  coerceInputValue: (value) => value,
  coerceInputLiteral: (node) => plain(valueFromASTUntyped(node)),
});

/** What an object without members answers with; GraphQL has no type for it. */
export const empty = new GraphQLScalarType<unknown, Readonly<Record<string, never>>>({
  name: 'Empty',
  description: 'An object without members: {}.',
  coerceOutputValue: () => ({}),
  coerceInputValue: () => ({}),
  coerceInputLiteral: () => ({}),
});

const texts: Partial<Record<ScalarType, GraphQLScalarType>> = {
  decimal: textScalar('Decimal', 'An exact decimal number in a string: "3.50". Money is one.'),
  int64: textScalar('Int64', 'A whole number of at most 64 bits in a string.'),
  instant: textScalar('Instant', 'A time in UTC, RFC 3339: "2026-01-02T03:04:05Z".'),
  cid: textScalar('Cid', 'A content identifier.'),
  did: textScalar('Did', 'A decentralised identifier: "did:squid:…".'),
  cursor: textScalar('Cursor', 'Where the next page of a list starts.'),
  bytes: textScalar('Bytes', 'Bytes as base64url without padding.'),
};

/** The scalars of every schema, by the word or format of the dialect. */
export const scalars = { ...texts, integer, json };

/** Names that no type of a contract may take. */
export const RESERVED_NAMES = [
  ...Object.values(scalars).map(({ name }) => name),
  empty.name,
  'String',
  'Int',
  'Float',
  'Boolean',
  'ID',
  'Query',
  'Mutation',
  'Subscription',
  'CallProof',
];
