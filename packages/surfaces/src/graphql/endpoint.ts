import { fail, failure, QError, type Failure } from '@anarq/common-schemas';
import { graphqlSchemaOf } from '@anarq/derive/graphql';
import {
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type DocumentNode,
  type ExecutionResult,
} from 'graphql';
import type { CallTarget, SurfaceLog } from '../callTarget.ts';
import { callOf } from './call.ts';
import type { GraphqlCaller, GraphqlContext } from './caller.ts';
import { checkDocument, DOCUMENT_LIMITS } from './limits.ts';

export interface GraphqlEndpoint {
  /**
   * Answers one request.
   * @param body the parsed body of the request
   * @returns the answer, and whether nothing was executed (a request error of GraphQL over HTTP)
   */
  answer(
    body: unknown,
    caller: GraphqlCaller,
  ): Promise<{ readonly result: ExecutionResult; readonly isRefused: boolean }>;
}

const VALIDATION_ERRORS_MAX = 8;
const MEMBERS = new Set(['query', 'variables', 'operationName', 'extensions']);

/**
 * The GraphQL endpoint of a node: its schema follows from the contracts, each field of Query and
 * Mutation is one call.
 * @throws Error when two types have one name
 */
export function createGraphqlEndpoint(
  target: CallTarget,
  log: SurfaceLog | undefined,
): GraphqlEndpoint {
  const schema = graphqlSchemaOf<GraphqlContext>(
    target.contracts,
    async (op, input, args, caller) => {
      const result = await target.invoke(callOf(op, input, args, caller));
      if (result.status === 'error') throw new CallFailed(result);
      return result;
    },
  );
  const formatted = (error: GraphQLError, { requestId }: GraphqlCaller): GraphQLError => {
    const { originalError } = error;
    const call = { requestId, now_ms: Date.now() };
    const failed =
      originalError instanceof CallFailed
        ? originalError.failure
        : originalError instanceof QError
          ? failure(originalError.code, call, originalError.message, originalError.details)
          : originalError === undefined || originalError instanceof GraphQLError
            ? failure('INPUT_INVALID', call, error.message)
            : failure('INTERNAL', call);
    if (failed.code === 'INTERNAL') log?.failed?.(originalError, requestId);
    return new GraphQLError(failed.message, {
      nodes: error.nodes,
      source: error.source,
      positions: error.positions,
      path: error.path,
      extensions: { ...failed },
    });
  };
  return {
    async answer(body, caller) {
      const refuse = (errors: readonly GraphQLError[]) => ({
        result: { errors: errors.map((error) => formatted(error, caller)) },
        isRefused: true,
      });
      try {
        const { query, variables, operationName } = readRequest(body);
        const document = read(query);
        const errors = validate(schema, document, undefined, { maxErrors: VALIDATION_ERRORS_MAX });
        if (errors.length > 0) return refuse(errors);
        const context = { ...caller, isSingle: isSingle(document, operationName) };
        const result = await execute({
          schema,
          document,
          contextValue: context,
          ...(variables === undefined ? {} : { variableValues: variables }),
          ...(operationName === undefined ? {} : { operationName }),
        });
        const formattedErrors = result.errors?.map((error) => formatted(error, caller));
        return {
          result: formattedErrors === undefined ? result : { ...result, errors: formattedErrors },
          isRefused: result.data === undefined,
        };
      } catch (error) {
        return refuse([
          error instanceof GraphQLError
            ? error
            : new GraphQLError('', { originalError: error as Error }),
        ]);
      }
    },
  };
}

/** A failure of the kernel on its way through the executor. */
class CallFailed extends Error {
  readonly failure: Failure;
  constructor(failed: Failure) {
    super(failed.message);
    this.failure = failed;
  }
}

interface GraphqlRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly operationName: string | undefined;
}

/** GraphQL over HTTP, section 5.1; batches and persisted documents are no part of it. */
function readRequest(body: unknown): GraphqlRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return fail('INPUT_MALFORMED', 'Send one JSON object with query and variables, not a batch.');
  const { query, variables, operationName } = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(body).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined)
    fail('INPUT_INVALID', `A GraphQL request has no member ${unknown.slice(0, 64)}.`);
  if (typeof query !== 'string')
    return fail(
      'INPUT_INVALID',
      'The member query takes the text of the document; persisted documents are not kept here.',
    );
  if (variables !== undefined && (typeof variables !== 'object' || Array.isArray(variables)))
    return fail('INPUT_INVALID', 'The member variables takes an object.');
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    return fail('INPUT_INVALID', 'The member operationName takes a text.');
  return {
    query,
    variables: (variables ?? undefined) as GraphqlRequest['variables'],
    operationName: operationName ?? undefined,
  };
}

function read(query: string): DocumentNode {
  try {
    const document = parse(query, { maxTokens: DOCUMENT_LIMITS.tokens, noLocation: false });
    checkDocument(document);
    return document;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    // What the parser says of a text is where it stopped, not what stood there.
    throw new GraphQLError('', {
      source: error.source,
      positions: error.positions,
      originalError: new QError(
        'INPUT_MALFORMED',
        `The document is not GraphQL: ${error.message.slice(0, 200)}`,
      ),
    });
  }
}

/** Whether the operation makes one call: then the headers of the request are those of the call. */
function isSingle(document: DocumentNode, operationName: string | undefined): boolean {
  const operation = getOperationAST(document, operationName);
  const [first, ...more] = operation?.selectionSet.selections ?? [];
  return first?.kind === 'Field' && more.length === 0;
}
