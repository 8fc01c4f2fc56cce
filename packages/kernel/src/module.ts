import type {
  AnyContract,
  AnyOperation,
  Contract,
  InputOf,
  JobTerms,
  OutputOf,
} from '@anarq/common-schemas';
import type { Static } from 'typebox';
import type { Migration, Statement } from '@anarq/store';
import type { Call } from './call.ts';
import type { ContextOf, Planned } from './context.ts';
import type { OwnLog, OwnLogKind } from './ownLog.ts';
import type { OwnWorkOf, Reaction, ScheduledWork } from './ownWork.ts';
import type { Services } from './services.ts';
import type { Table } from './table.ts';

/** What a handler gives: what its operation answers, or what its job has at its end. */
type GivenBy<Op extends AnyOperation> = Op extends { readonly job: JobTerms<infer R> }
  ? Static<R>
  : OutputOf<Op>;

/** What an operation does. It keeps nothing between calls. */
export type Handler<Op extends AnyOperation> = (
  input: InputOf<Op>,
  ctx: ContextOf<Op>,
) => Promise<GivenBy<Op>> | GivenBy<Op>;

/** Names the operation that a function handles, so that input, context and output are typed. */
export const handler = <Op extends AnyOperation>(_op: Op, fn: Handler<Op>): Handler<Op> => fn;

/** The same for a process: its calls to others are journaled steps. */
export const process = <Op extends AnyOperation & { readonly kind: 'process' }>(
  _op: Op,
  fn: Handler<Op>,
): Handler<Op> => fn;

/** A call to make later, typed by its operation; for `undo`. */
export const call = <Op extends AnyOperation>(op: Op, input: InputOf<Op>): Planned<Op> => ({
  op,
  input,
});

type OperationsIn<C> = C extends { readonly '~operations'?: infer O }
  ? Exclude<O, undefined>
  : never;

export type HandlersOf<C> = {
  readonly [K in keyof OperationsIn<C>]: OperationsIn<C>[K] extends AnyOperation
    ? Handler<OperationsIn<C>[K]>
    : never;
};

/** Claims of a transfer ticket, once its code is verified. */
export interface TransferClaims {
  readonly kind: 'upload' | 'download';
  /** Upload or file that the ticket is for. */
  readonly id: string;
  readonly tenant: string;
  readonly expires_ms: number;
  /** What the module put in when it issued the ticket. */
  readonly context: string;
}

/** One part on its way in. */
export interface TransferPart {
  readonly index: number;
  /** Lower-case hex SHA-256 that the sender announces, where it does. */
  readonly sha256Hex: string | undefined;
  /** The bytes; at most one part's worth is read. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Content on its way out. */
export interface TransferContent {
  readonly headers: Readonly<Record<string, string>>;
  readonly totalBytes: number;
  /** Inclusive range in the content; the surface answers 206 when it is not all of it. */
  readonly start: number;
  readonly end: number;
  readonly partial: boolean;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Bytes never travel inside a call: a module that moves content answers tickets here. */
export interface TransferHandler {
  receive(claims: TransferClaims, part: TransferPart, env: TransferEnvironment): Promise<unknown>;
  send(
    claims: TransferClaims,
    range: string | undefined,
    env: TransferEnvironment,
  ): Promise<TransferContent>;
}

export interface TransferEnvironment {
  readonly services: Services;
  readonly now_ms: () => number;
  /** Reads of the module's own tables, confined to the ticket's tenant. */
  readonly select: ContextOf<AnyOperation & { kind: 'query' }>['select'];
  readonly commit: (statements: readonly Statement[]) => Promise<void>;
}

/** A module as the kernel takes it. */
export interface ModuleDefinition {
  readonly contract: AnyContract;
  readonly migrations: readonly Migration[];
  /** Its tables with sealed columns: they are sealed anew when the root key was changed. */
  readonly tables?: readonly Table[];
  readonly handlers: Readonly<Record<string, Handler<AnyOperation>>>;
  readonly transfer?: TransferHandler;
  /** What it does about an event, by topic. */
  readonly on?: Readonly<Record<string, Reaction>>;
  /** What it does at regular instants, by the name of the schedule. */
  readonly every?: Readonly<Record<string, ScheduledWork>>;
  /** Earlier versions whose open processes the code goes on with, because their steps are the same. */
  readonly continues?: readonly string[];
  /** Runs once when the node has started, with a way to call as the module itself. */
  readonly onStart?: (env: ModuleEnvironment) => Promise<void>;
  /**
   * Runs once when the node stops: no call is taken any more, and those under way are waited for. A
   * handler that is then ended with a retryable error goes on when the node is back.
   */
  readonly onStop?: (env: { readonly services: Services }) => Promise<void>;
  /**
   * A log of its own, to which the handlers of its processes commit. What a handler answers then is
   * done, whatever stopped its process meanwhile: it asks `cancelled` before it begins, and nobody
   * stops what is in the log.
   */
  readonly ownLog?: OwnLogKind;
  /** It answers from examples and does nothing: only where the node is standalone. */
  readonly mock?: true;
}

export interface ModuleEnvironment {
  readonly services: Services;
  /** The log of the module's own, where it keeps one: what its `ownLog` opened. */
  readonly ownLog: OwnLog | undefined;
  readonly invoke: (call: Call) => Promise<unknown>;
}

/**
 * Hands a contract its handlers; the types demand one for each operation.
 *
 * @example
 * export default defineModule(qwallet, { migrations, handlers: { quote, reserve, capture } });
 */
export function defineModule<C extends Contract<string, never, never> | AnyContract>(
  contract: C,
  parts: {
    readonly migrations?: readonly Migration[];
    /** Those with sealed columns, so that they can be sealed anew; others may be named too. */
    readonly tables?: readonly Table[];
    readonly handlers: HandlersOf<C>;
    readonly transfer?: TransferHandler;
    readonly continues?: readonly string[];
    readonly onStart?: (env: ModuleEnvironment) => Promise<void>;
    readonly onStop?: ModuleDefinition['onStop'];
    readonly ownLog?: OwnLogKind;
  } & OwnWorkOf<C>,
): ModuleDefinition {
  // Which of the two there are, the conditional type says; here either may be.
  const own = parts as Pick<ModuleDefinition, 'on' | 'every'>;
  const handlers: object = parts.handlers;
  return {
    contract,
    migrations: parts.migrations ?? [],
    // Handlers are contravariant in their input; the kernel validates the input before it calls.
    handlers: handlers as ModuleDefinition['handlers'],
    ...(parts.tables === undefined ? {} : { tables: parts.tables }),
    ...(parts.transfer === undefined ? {} : { transfer: parts.transfer }),
    ...(own.on === undefined ? {} : { on: own.on }),
    ...(own.every === undefined ? {} : { every: own.every }),
    ...(parts.continues === undefined ? {} : { continues: parts.continues }),
    ...(parts.onStart === undefined ? {} : { onStart: parts.onStart }),
    ...(parts.onStop === undefined ? {} : { onStop: parts.onStop }),
    ...(parts.ownLog === undefined ? {} : { ownLog: parts.ownLog }),
  };
}
