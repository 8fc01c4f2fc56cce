import { randomUUID } from 'node:crypto';
import {
  API_VERSION,
  QError,
  type AnyOperation,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import { canonicalJson, deriveKeys, sha256Hex, signCall, utf8 } from '@anarq/crypto';
import type { Call, Kernel } from '@anarq/kernel';

export interface CallOptions {
  readonly idempotencyKey?: string;
  readonly subject?: string;
  readonly grant?: string;
  /** Milliseconds to add to the time that is signed. */
  readonly skew_ms?: number;
}

/** Somebody who calls a kernel in process, with a full signature or a token on each call. */
export interface Actor {
  readonly did: string;
  readonly seed: Uint8Array;
  /** @throws QError with the code of the refusal */
  call<Op extends AnyOperation>(
    op: Op,
    input: InputOf<Op>,
    options?: CallOptions,
  ): Promise<OutputOf<Op>>;
  result<Op extends AnyOperation>(
    op: Op,
    input: InputOf<Op>,
    options?: CallOptions,
  ): Promise<Result<OutputOf<Op>>>;
}

type Target = Pick<Kernel, 'invoke' | 'node'>;

/** A caller with keys of its own, or with a bearer token where one is given. */
export function actorOf(
  target: () => Target,
  who: { readonly did: string; readonly seed: Uint8Array; readonly token?: string },
): Actor {
  const keys = deriveKeys(who.seed, { index: 0 });
  const result: Actor['result'] = async (op, input, options = {}) => {
    const ts = new Date(Date.now() + (options.skew_ms ?? 0)).toISOString();
    const idempotencyKey =
      op.kind === 'query' ? options.idempotencyKey : (options.idempotencyKey ?? randomUUID());
    const optional = {
      ...(options.subject === undefined ? {} : { subject: options.subject }),
      ...(options.grant === undefined ? {} : { grant: options.grant }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    const credential: Call['credential'] =
      who.token === undefined
        ? {
            kind: 'signature',
            identity: who.did,
            ts,
            signature: signCall(keys, {
              node: target().node.did,
              identity: who.did,
              operation: op.id,
              version: API_VERSION,
              ts,
              inputDigest: sha256Hex(utf8(canonicalJson(input))),
              ...optional,
            }),
          }
        : { kind: 'bearer', token: who.token };
    const answer = await target().invoke({
      operation: op.id,
      input,
      surface: 'process',
      credential,
      ...optional,
    });
    // The kernel validated the output against the schema that the type is read from.
    return answer as Result<OutputOf<typeof op>>;
  };
  return {
    did: who.did,
    seed: who.seed,
    result,
    call: async (op, input, options) => {
      const answer = await result(op, input, options);
      if (answer.status === 'ok') return answer.data;
      throw new QError(answer.code, answer.message, answer.details);
    },
  };
}
