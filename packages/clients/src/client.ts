import { randomUUID } from 'node:crypto';
import type {
  AnyContract,
  AnyOperation,
  Failure,
  InputOf,
  JsonValue,
  OutputOf,
  Result,
} from '@anarq/common-schemas';
import { CryptoError } from '@anarq/crypto';
import { CallError, localFailure } from './callError.ts';
import { retrying, type Attempt } from './retry.ts';
import {
  ConnectionLost,
  type CallInput,
  type ContentPort,
  type ProofContext,
  type Transport,
  type UnprovedCall,
} from './transport.ts';

export interface CallOptions {
  /** Same key, same call. A write without one gets a fresh UUID, the same for all its attempts. */
  readonly idempotencyKey?: string;
  /** DID of the party on whose behalf. */
  readonly subject?: string;
  /** CID of the grant to use; absent: the node finds one. */
  readonly grant?: string;
  /** false: one attempt only. */
  readonly retry?: boolean;
  /** Of one attempt; default: the operation's own limit and ten seconds. */
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
}

/** A typed client of a node: types follow from the contract of the operation. */
export interface Client {
  /**
   * Calls an operation.
   * @returns its output
   * @throws CallError with code, details and requestId
   */
  call<Op extends AnyOperation>(
    op: Op,
    input: InputOf<Op>,
    options?: CallOptions,
  ): Promise<OutputOf<Op>>;
  /** The same, with the whole envelope as it came. Throws only when `signal` aborts. */
  result<Op extends AnyOperation>(
    op: Op,
    input: InputOf<Op>,
    options?: CallOptions,
  ): Promise<Result<OutputOf<Op>>>;
  /** An operation of the contracts by its id: 'qwallet.reserve'. */
  operation(id: string): AnyOperation | undefined;
  readonly content: ContentPort | undefined;
  close(): Promise<void>;
}

const TRANSPORT_MS = 10_000;
const UNCARRIED = 'The input holds a text that is no Unicode, or is too long to sign.';

/**
 * @example
 * const client = createClient({ contracts, transport: http({ url, credentials: bearer(token) }) });
 * const quote = await client.call(qwallet.quote, { amount: '3.50', unit: 'rUv' });
 */
export function createClient(order: {
  readonly transport: Transport;
  readonly contracts: readonly AnyContract[];
}): Client {
  const { transport } = order;
  const operations = new Map(
    order.contracts.flatMap((contract) =>
      Object.values(contract.operations).map((op) => [op.id, op] as const),
    ),
  );
  const context: ProofContext = {
    operation: (id) => operations.get(id),
    send: (call) => transport.send(call),
  };

  async function result<Op extends AnyOperation>(
    op: Op,
    input: InputOf<Op>,
    options: CallOptions = {},
  ): Promise<Result<OutputOf<Op>>> {
    const call = prepare(op, input, options);
    if ('status' in call) return call;
    const attempt = () => once(call, transport, context, options);
    // The node validates output against the same contract before it answers.
    return (await retrying(attempt, transport.credentials, options)) as Result<OutputOf<Op>>;
  }

  return {
    result,
    async call(op, input, options) {
      const answer = await result(op, input, options);
      if (answer.status === 'error') throw new CallError(answer);
      return answer.data;
    },
    operation: (id) => operations.get(id),
    content: transport.content,
    close: () => transport.close(),
  };
}

function prepare(op: AnyOperation, input: unknown, options: CallOptions): UnprovedCall | Failure {
  const json = asJson(input);
  if (json === undefined) return localFailure('INPUT_INVALID', 'The input is no JSON object.');
  return {
    op,
    input: json,
    subject: options.subject,
    grant: options.grant,
    idempotencyKey: options.idempotencyKey ?? (op.kind === 'query' ? undefined : randomUUID()),
  };
}

/**
 * The input as the node will read it: members that are undefined do not travel, and a signature
 * covers what does.
 */
function asJson(input: unknown): CallInput | undefined {
  try {
    const json = JSON.parse(JSON.stringify(input)) as JsonValue;
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? (json as CallInput) : undefined;
  } catch {
    return undefined;
  }
}

async function once(
  call: UnprovedCall,
  transport: Transport,
  context: ProofContext,
  options: CallOptions,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(
    options.timeout_ms ?? call.op.limits.timeout_ms + TRANSPORT_MS,
  );
  const signal =
    options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  try {
    const proof = await transport.credentials.prove(call, {
      ...context,
      send: (other) => transport.send({ ...other, signal }),
    });
    return { kind: 'answered', result: await transport.send({ ...call, proof, signal }) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof CallError) return { kind: 'answered', result: error.failure };
    if (error instanceof URIError || (error instanceof CryptoError && error.code === 'NOT_JSON'))
      return { kind: 'answered', result: localFailure('INPUT_INVALID', UNCARRIED) };
    if (error instanceof ConnectionLost) return { kind: 'lost', reason: error.message };
    throw error;
  }
}
