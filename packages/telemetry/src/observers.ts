import type { AnyOperation, Result } from '@anarq/common-schemas';
import type { Outcome } from './outcome.ts';
import type { TraceContext } from './traceContext.ts';

/**
 * What telemetry may know of a call. No input and no output is among it: what is not here cannot
 * reach a log, a metric or a span.
 */
export interface CallFacts {
  readonly requestId: string;
  readonly call: { readonly surface: string };
  readonly principal: { readonly actor: string; readonly root: string; readonly kind: string };
  readonly subject: string;
  /** Set for the steps of a process and for the queries of a call. */
  readonly capability?: { readonly process: string };
}

/** By what a line of the log, a span and a record are found together. */
export interface Correlation {
  readonly requestId?: string;
  readonly traceId?: string;
  readonly process?: string;
}

/** The end of a call, as the observers see it. */
export interface EndedCall {
  readonly op: AnyOperation;
  readonly noun: 'call' | 'step';
  readonly facts: CallFacts;
  readonly result: Result<unknown>;
  readonly outcome: Outcome;
  readonly duration_ms: number;
  readonly trace: TraceContext | undefined;
}

/** A span under way. */
export interface Span {
  readonly context: TraceContext;
  end(ended: EndedCall): void;
}

/** Makes spans; absent where no exporter is configured. */
export interface Tracing {
  start(op: AnyOperation, noun: 'call' | 'step', parent: TraceContext | undefined): Span;
  /** Sends what waits, and stops. */
  close(): Promise<void>;
}

/** What a log may know of a request: its route is a pattern, so that no id and no ticket is in it. */
interface RequestFacts {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly duration_ms: number;
}

/** Where the node writes its lines. */
export interface NodeLog {
  /** Whether calls, or steps, get a line each at the level that the log has. */
  readonly logs: Readonly<Record<'call' | 'step', boolean>>;
  ended(ended: EndedCall): void;
  /** What went wrong inside, and is told to the operator only. */
  error(error: unknown, where: string, about?: Correlation): void;
  /** One request of a surface, whatever became of it; at the level `debug`. */
  request(facts: RequestFacts): void;
  /** Something the node did of itself: 'started', 'alert', … with plain facts. */
  event(name: string, facts: Readonly<Record<string, string | number | boolean>>): void;
  /** Writes what waits. */
  close(): Promise<void>;
}

/** Who watches a node, beside its own counters. */
export interface Observers {
  readonly log?: NodeLog;
  readonly tracing?: Tracing;
}
