import { fail, failure, QError, type AnyOperation, type Result } from '@anarq/common-schemas';
import type { Call, Credential } from '@anarq/kernel';
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { CallTarget } from '../callTarget.ts';

/** Who sent the request, and how much it was. */
export interface McpCaller {
  readonly credential: Credential;
  readonly requestId: string;
  readonly peer: string;
  /** Bytes of the whole message. */
  readonly bodyBytes: number;
  /** Which of a tool's two names the list shows. */
  readonly names: 'name' | 'alias';
}

/** What the client sent with tools/call. */
export interface ToolCallParams {
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  readonly _meta?: Readonly<Record<string, unknown>> | undefined;
}

/** Makes one call of a tool call, and a tool result of its result. Never throws. */
export async function callTool(
  target: CallTarget,
  op: AnyOperation,
  params: ToolCallParams,
  caller: McpCaller,
): Promise<CallToolResult> {
  const { requestId } = caller;
  try {
    return toToolResult(await target.invoke(callOf(op, params, caller)), requestId);
  } catch (error) {
    const call = { requestId, now_ms: Date.now() };
    return toToolResult(
      error instanceof QError
        ? failure(error.code, call, error.message, error.details)
        : failure('INTERNAL', call),
      requestId,
    );
  }
}

function callOf(op: AnyOperation, params: ToolCallParams, caller: McpCaller): Call {
  const { input, own } = splitArguments(op, params.arguments ?? {});
  // The message is at least as long as its arguments; they are measured only where it matters.
  const maxBytes = op.limits.bodyBytes;
  if (caller.bodyBytes > maxBytes && Buffer.byteLength(JSON.stringify(input)) > maxBytes)
    fail('INPUT_TOO_LARGE', `The arguments are larger than ${maxBytes} bytes.`, { maxBytes });
  const { _meta: meta = {} } = params;
  const idempotencyKey = agree(
    'idempotencyKey',
    textOf(own['idempotencyKey'], 'idempotencyKey'),
    textOf(meta['q/idempotencyKey'], '_meta q/idempotencyKey'),
  );
  const again = agree(
    'again',
    flagOf(own['again'], 'again'),
    flagOf(meta['q/again'], '_meta q/again'),
  );
  const subject = textOf(meta['q/subject'], '_meta q/subject');
  const grant = textOf(meta['q/grant'], '_meta q/grant');
  const apiVersion = textOf(meta['q/apiVersion'], '_meta q/apiVersion');
  const traceparent = textOf(meta['traceparent'], '_meta traceparent');
  return {
    operation: op.id,
    input,
    surface: 'mcp',
    credential: caller.credential,
    requestId: caller.requestId,
    peer: caller.peer,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(again === undefined ? {} : { again }),
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/** Parts what belongs to the operation from what belongs to the call; only writes have the latter. */
function splitArguments(
  op: AnyOperation,
  given: Readonly<Record<string, unknown>>,
): { input: unknown; own: Readonly<Record<string, unknown>> } {
  if (op.kind === 'query') return { input: given, own: {} };
  const { idempotencyKey, again, ...input } = given;
  return { input, own: { idempotencyKey, again } };
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return fail('INPUT_INVALID', `${name} takes a text.`, { member: name });
}

function flagOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  return fail('INPUT_INVALID', `${name} takes true or false.`, { member: name });
}

function agree<T>(name: string, a: T | undefined, b: T | undefined): T | undefined {
  if (a !== undefined && b !== undefined && a !== b)
    fail('INPUT_INVALID', `${name} in the arguments differs from the one in _meta.`);
  return a ?? b;
}

/** The envelope as structured content; for models that read text only, a sentence and the same. */
function toToolResult(result: Result<unknown>, requestId: string): CallToolResult {
  const isError = result.status === 'error';
  const sentence = isError
    ? `${result.code}: ${[result.message, ...result.suggestedActions].join(' ')}`
    : result.message;
  return {
    content: [{ type: 'text', text: `${sentence}\n${JSON.stringify(result)}` }],
    structuredContent: { ...result },
    ...(isError ? { isError } : {}),
    _meta: { 'q/requestId': requestId, 'q/replayed': result.replayed === true },
  };
}
