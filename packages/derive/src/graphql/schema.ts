import { errorTable, type AnyContract, type AnyOperation, type Stale } from '@anarq/common-schemas';
import {
  GraphQLBoolean,
  GraphQLInputObjectType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  printSchema,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigArgumentMap,
} from 'graphql';
import { API_VERSION } from '@anarq/common-schemas';
import { DERIVED } from '../notes.ts';
import { pascal, shapeBooks, type ObjectShape, type Shape, type ShapeBook } from '../shapes.ts';
import { isWrite } from '../words.ts';
import { RESERVED_NAMES, scalars } from './scalars.ts';
import { TypeBook } from './types.ts';
import { fromGraphql, toGraphql } from './values.ts';

/** Who signs one call of a document that makes several. */
export interface GraphqlProof {
  readonly identity: string;
  readonly subId?: string | null;
  readonly ts: string;
  readonly signature: string;
}

/** What a field says of its call beside the input. */
export interface GraphqlArguments {
  readonly idempotencyKey?: string | null;
  readonly subject?: string | null;
  readonly grant?: string | null;
  readonly proof?: GraphqlProof | null;
}

/** What a field answers with; `data` is of the contract. */
export interface GraphqlAnswer {
  readonly message: string;
  readonly data: unknown;
  readonly cid?: string;
  readonly replayed?: boolean;
  readonly stale?: Stale;
}

/** Makes the call of a field. What goes wrong is thrown. */
export type Resolve<Context> = (
  op: AnyOperation,
  input: unknown,
  args: GraphqlArguments,
  context: Context,
) => Promise<GraphqlAnswer>;

const callProof = new GraphQLInputObjectType({
  name: 'CallProof',
  description:
    'The signature of one call: what x-squid-id, x-subid, x-ts and x-sig carry elsewhere. It covers the operation and the input as the contract writes it in JSON.',
  fields: {
    identity: { type: new GraphQLNonNull(scalars.did ?? GraphQLString) },
    subId: { type: scalars.did ?? GraphQLString },
    ts: { type: new GraphQLNonNull(scalars.instant ?? GraphQLString) },
    signature: { type: new GraphQLNonNull(GraphQLString) },
  },
});

/** The name of an operation's field: qwallet.pay is qwalletPay, and pay.v2 is qwalletPayV2. */
const fieldOf = (op: AnyOperation): string => `${op.module}${pascal(op.name)}`;

/**
 * The GraphQL schema of several contracts: a field of Query for each query, of Mutation for every
 * other operation.
 * @throws Error when two types have one name
 */
export function graphqlSchemaOf<Context>(
  contracts: readonly AnyContract[],
  resolve: Resolve<Context>,
): GraphQLSchema {
  const bookOf = shapeBooks(contracts, RESERVED_NAMES);
  const types = new TypeBook();
  const fields = { query: new Map<string, Field>(), mutation: new Map<string, Field>() };
  for (const contract of contracts) {
    const book = bookOf(contract);
    for (const op of Object.values(contract.operations))
      fields[isWrite(op) ? 'mutation' : 'query'].set(
        fieldOf(op),
        fieldFor(op, book, types, resolve) as Field,
      );
  }
  return new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      fields: {
        apiVersion: {
          type: new GraphQLNonNull(GraphQLString),
          description: 'The version of this interface.',
          resolve: () => API_VERSION,
        },
        ...Object.fromEntries(fields.query),
      },
    }),
    ...(fields.mutation.size === 0
      ? {}
      : {
          mutation: new GraphQLObjectType({
            name: 'Mutation',
            fields: Object.fromEntries(fields.mutation),
          }),
        }),
  });
}

/** The schema in GraphQL's own language, for people and for tools that generate code. */
export const graphqlText = (contracts: readonly AnyContract[]): string =>
  `# ${DERIVED}\n\n${printSchema(graphqlSchemaOf(contracts, refuse))}\n`;

const refuse = (): never => {
  throw new Error('A schema that was made for its text makes no calls.');
};

type Field = GraphQLFieldConfig<unknown, unknown>;

function fieldFor<Context>(
  op: AnyOperation,
  book: ShapeBook,
  types: TypeBook,
  resolve: Resolve<Context>,
): GraphQLFieldConfig<unknown, Context> {
  const name = pascal(fieldOf(op));
  const input = book.shapeOf(op.input, name) as ObjectShape;
  const output = book.shapeOf(op.output, `${name}Data`);
  return {
    type: answerType(name, output, types, op.fallback.strategy === 'CACHE'),
    description: describe(op),
    ...(op.sunset === undefined ? {} : { deprecationReason: `Goes after ${op.sunset}.` }),
    args: argumentsOf(op, input, types),
    resolve: async (_source, { input: given, ...args }, context) => {
      const value = fromGraphql(input, given ?? {});
      const answer = await resolve(op, value, args, context);
      return {
        ...answer,
        replayed: answer.replayed === true,
        staleSince: answer.stale?.since,
        data: toGraphql(output, answer.data),
      };
    },
  };
}

function argumentsOf(
  op: AnyOperation,
  input: ObjectShape,
  types: TypeBook,
): GraphQLFieldConfigArgumentMap {
  const isNeeded = input.members.some(({ isOptional }) => !isOptional);
  return {
    ...(input.members.length === 0 ? {} : { input: { type: types.input(input, !isNeeded) } }),
    ...(isWrite(op)
      ? {
          idempotencyKey: {
            type: GraphQLString,
            description: 'Same key, same call: a retry answers with the first result.',
          },
        }
      : {}),
    subject: { type: scalars.did ?? GraphQLString, description: 'On whose behalf.' },
    grant: { type: scalars.cid ?? GraphQLString, description: 'The grant to use.' },
    proof: { type: callProof, description: 'The signature of this call.' },
  };
}

const answerType = (
  name: string,
  output: Shape,
  types: TypeBook,
  mayBeStale: boolean,
): GraphQLObjectType =>
  new GraphQLObjectType({
    name: `${name}Answer`,
    fields: () => ({
      data: { type: types.output(output) },
      message: { type: new GraphQLNonNull(GraphQLString) },
      cid: { type: scalars.cid ?? GraphQLString, description: 'The record of this call.' },
      replayed: {
        type: new GraphQLNonNull(GraphQLBoolean),
        description: 'The answer of an earlier call with the same key; nothing was done again.',
      },
      ...(mayBeStale
        ? {
            staleSince: {
              type: scalars.instant ?? GraphQLString,
              description: 'The module cannot be reached: this is what it answered then.',
            },
          }
        : {}),
    }),
  });

/** Purpose, cost, and how it may fail. */
const describe = (op: AnyOperation): string =>
  [
    op.summary,
    ...(op.authorises === undefined
      ? []
      : [`Spends at most ${op.authorises.amount} in ${op.authorises.unit}.`]),
    ...(op.errors.length === 0
      ? []
      : [`Errors: ${op.errors.map((code) => `${code} (${errorTable[code].message})`).join('; ')}`]),
  ].join('\n');
