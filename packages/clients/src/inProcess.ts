import type { Failure, Result } from '@anarq/common-schemas';
import { anonymous } from './credentials.ts';
import {
  ConnectionLost,
  type ContentPort,
  type Credentials,
  type OutgoingCall,
  type Proof,
  type Transport,
} from './transport.ts';

/** The call that a node in the same process takes. */
export interface InProcessCall {
  readonly operation: string;
  readonly input: unknown;
  readonly surface: 'process';
  readonly credential: Proof;
  readonly subject?: string;
  readonly grant?: string;
  readonly idempotencyKey?: string;
}

/** A node in the same process: the kernel has this shape. */
export interface InProcessTarget {
  invoke(call: InProcessCall): Promise<Result<unknown>>;
  receivePart?(
    ticket: string,
    part: {
      readonly index: number;
      readonly sha256Hex: string | undefined;
      readonly body: AsyncIterable<Uint8Array>;
    },
  ): Promise<Result<unknown>>;
  sendContent?(
    ticket: string,
    range: string | undefined,
  ): Promise<
    | {
        readonly ok: true;
        readonly content: { readonly start: number; readonly body: AsyncIterable<Uint8Array> };
      }
    | { readonly ok: false; readonly failure: Failure }
  >;
}

/** Calls a node in this process: no network, the same results. */
export function inProcess(
  target: InProcessTarget,
  options: { readonly credentials?: Credentials } = {},
): Transport {
  return {
    credentials: options.credentials ?? anonymous(),
    content: contentOf(target),
    send: (call) => abortable(target.invoke(toCall(call)), call.signal),
    close: async () => {},
  };
}

function toCall({ op, input, proof, subject, grant, idempotencyKey }: OutgoingCall): InProcessCall {
  return {
    operation: op.id,
    input,
    surface: 'process',
    credential: proof,
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
}

/** Waits no longer than the signal allows; the call itself goes on, as it would on a node. */
function abortable<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(new ConnectionLost('the time for an answer is over'));
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return Promise.race([answer, aborted.promise]).finally(() =>
    signal.removeEventListener('abort', stop),
  );
}

function contentOf(target: InProcessTarget): ContentPort | undefined {
  if (target.receivePart === undefined || target.sendContent === undefined) return undefined;
  const { receivePart, sendContent } = target;
  return {
    putPart: (ticket, { bytes, ...part }) =>
      receivePart.call(target, ticket, { ...part, body: onePiece(bytes) }),
    async open(ticket, from) {
      const range = from === 0 ? undefined : `bytes=${from}-`;
      const answer = await sendContent.call(target, ticket, range);
      if (!answer.ok) return answer.failure;
      return { status: 'open', start: answer.content.start, body: answer.content.body };
    },
  };
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
