import type { AnyOperation } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { TraceContext } from '@anarq/telemetry';
import { ANONYMOUS, type Call } from './call.ts';
import type { CompiledOperation, Invocation } from './invocation.ts';
import type { ModuleDefinition } from './module.ts';

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const CID_LIKE = /^b[a-z2-7]{58}$/;

/**
 * The caller's request id where it is one, else a new one. One that reads like the CID of a record
 * is not taken: records name the one they belong to by CID or by id.
 */
export const requestIdOf = ({ requestId }: Call): string =>
  requestId !== undefined && REQUEST_ID.test(requestId) && !CID_LIKE.test(requestId)
    ? requestId
    : `req_${toBase64url(randomBytes(12))}`;

/** A call at the begin of its way. */
export function newInvocation(
  call: Call,
  compiled: CompiledOperation,
  requestId: string,
  now_ms: number,
  trace: TraceContext | undefined,
): Invocation {
  return {
    call,
    compiled,
    requestId,
    now_ms,
    trace,
    begun_ms: performance.now(),
    principal: ANONYMOUS,
    inputDigest: '',
    subject: '',
    grants: [],
    links: [],
    why: { rule: 'not decided' },
    reservations: [],
    release: [],
  };
}

export function compileOperation(op: AnyOperation, module: ModuleDefinition): CompiledOperation {
  const handler = module.handlers[op.name];
  if (handler === undefined) throw new Error(`${op.id} has no handler`);
  return {
    op,
    module,
    handler,
    input: compileValidator(op.input),
    output: compileValidator(op.job?.result ?? op.output),
  };
}
