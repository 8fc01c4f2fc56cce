import type { AnyOperation, Result, Why } from '@anarq/common-schemas';
import type { Validator } from '@anarq/common-schemas/validator';
import { traceparentOf, type Correlation, type TraceContext } from '@anarq/telemetry';
import type { Call, Principal } from './call.ts';
import type { Statement } from '@anarq/store';
import type { Capability, Reservation } from './capability.ts';
import type { Handler, ModuleDefinition } from './module.ts';
import type { ResourceTarget } from './target.ts';
import type { Table } from './table.ts';

/** An operation made ready to run. */
export interface CompiledOperation {
  readonly op: AnyOperation;
  readonly module: ModuleDefinition;
  readonly handler: Handler<AnyOperation>;
  readonly input: Validator;
  readonly output: Validator;
  /**
   * Name under which its processes and idempotency keys are kept, where that is not its own id: a
   * call that is kept for another process of the node.
   */
  readonly keptAs?: string;
  /** Table of the row that the operation's resource is, once a handler has asked for it. */
  resourceTable?: Table;
}

/** One call on its way through the pipeline. Steps fill it in; each reads what earlier ones wrote. */
export interface Invocation extends ResourceTarget {
  readonly call: Call;
  readonly compiled: CompiledOperation;
  readonly requestId: string;
  readonly now_ms: number;
  /** Where the call stands in a trace, where somebody traces it. */
  readonly trace?: TraceContext | undefined;
  /** Set for the steps and queries of a process: the authority that its admission minted. */
  readonly capability?: Capability;
  /** Set for a step that is the caller's own call, made later: it counts under the caller's key. */
  readonly isOwnCall?: boolean;
  /** Set for the job that makes such a call: the key under which its caller made it. */
  readonly ownKey?: string;
  /** Statements that join the commit: the journal entry of a step. */
  readonly journal?: (answer: Result<unknown>) => readonly Statement[];
  /** When the call came and when it was admitted, by a clock that never goes back. */
  readonly begun_ms?: number;
  admitted_ms?: number;
  principal: Principal;
  /** SHA-256, hex, of the canonical input. */
  inputDigest: string;
  subject: string;
  /** The owner of the resource acted on. */
  owner?: string;
  /** Leaf CIDs of the grants that allow the call. */
  grants: string[];
  /** Every link of those grants: all must be in force when the commit happens. */
  links: string[];
  /** How the grant that the call names ended, where it did. */
  namedEnd?: { readonly code: 'GRANT_REVOKED' | 'GRANT_EXPIRED'; readonly why: Why };
  why: Why;
  reservations: Reservation[];
  /** A grant behind the call limits how many calls there may be. */
  isCounted?: boolean;
  ceiling?: { readonly amount: string; readonly unit: string };
  replayKey?: ReplayKey;
  /** Set by a step that answers the call itself. */
  answer?: Result<unknown>;
  /** Undone when the call ends, however it ends. */
  readonly release: (() => void)[];
}

export interface ReplayKey {
  readonly tenant: string;
  readonly identity: string;
  readonly operation: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly expires_ms: number | undefined;
}

/** A step of the pipeline: it returns nothing, or a promise, or stops the call with a QError. */
export type Step = (invocation: Invocation) => void | Promise<void>;

/** By what a line of the log and a record of this call are found together. */
export const correlationOf = (inv: Invocation): Correlation => ({
  requestId: inv.requestId,
  ...(inv.trace === undefined ? {} : { traceId: inv.trace.traceId }),
  ...(inv.capability === undefined ? {} : { process: inv.capability.process }),
});

/** The trace that the steps and queries of a call go on with. */
export const traceOf = ({ trace }: Invocation): { traceparent?: string } =>
  trace === undefined ? {} : { traceparent: traceparentOf(trace) };
