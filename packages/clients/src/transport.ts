import type { AnyOperation, JsonValue, Result } from '@anarq/common-schemas';

/** How a call proves who makes it; the same shape on every surface. */
export type Proof =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'bearer'; readonly token: string }
  | {
      readonly kind: 'signature';
      readonly identity: string;
      readonly subId?: string;
      /** RFC 3339 UTC, as signed. */
      readonly ts: string;
      /** `v1.…` full signature or `s1.…` session code. */
      readonly signature: string;
    };

/** The input of a call, as JSON carries it. */
export type CallInput = Readonly<Record<string, JsonValue>>;

/** A call that is not proved yet. */
export interface UnprovedCall {
  readonly op: AnyOperation;
  readonly input: CallInput;
  readonly subject: string | undefined;
  readonly grant: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** A call on its way to a node. */
export interface OutgoingCall extends UnprovedCall {
  readonly proof: Proof;
  readonly signal: AbortSignal | undefined;
}

/** Brings calls to a node and results back. */
export interface Transport {
  readonly credentials: Credentials;
  /** How content moves by ticket; absent where only calls do. */
  readonly content?: ContentPort | undefined;
  /** @throws ConnectionLost when it is not known what became of the call */
  send(call: OutgoingCall): Promise<Result<unknown>>;
  close(): Promise<void>;
}

/** What credentials may ask of the client they belong to. */
export interface ProofContext {
  /** An operation of the contracts that the client was given. */
  operation(id: string): AnyOperation | undefined;
  send(call: OutgoingCall): Promise<Result<unknown>>;
}

/** Proves calls. */
export interface Credentials {
  /** @throws CallError where a proof cannot be had, ConnectionLost where the node cannot be asked */
  prove(call: UnprovedCall, context: ProofContext): Promise<Proof>;
  /** Forgets a session that the node has ended; true when another proof may be accepted. */
  renew(): boolean;
}

/** Moves content by ticket. */
export interface ContentPort {
  /** @throws ConnectionLost */
  putPart(
    ticket: string,
    part: { readonly index: number; readonly bytes: Uint8Array; readonly sha256Hex: string },
  ): Promise<Result<unknown>>;
  /**
   * Opens content from byte `from` on.
   * @throws ConnectionLost, then and while the body is read
   */
  open(
    ticket: string,
    from: number,
  ): Promise<OpenedContent | Extract<Result<never>, { status: 'error' }>>;
}

interface OpenedContent {
  readonly status: 'open';
  /** The byte of the content that the body begins with: `from`, or an earlier one. */
  readonly start: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The connection broke, or the answer was none: what became of the call is not known. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** Whether a value that came from outside is an envelope. */
export function isResult(value: unknown): value is Result<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const { status, code, message } = value as Partial<Record<string, unknown>>;
  return (
    (status === 'ok' || status === 'error') &&
    typeof code === 'string' &&
    typeof message === 'string'
  );
}
