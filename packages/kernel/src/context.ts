import type {
  AnyOperation,
  InputOf,
  LabelsOf,
  Metric,
  Operation,
  OutputOf,
} from '@anarq/common-schemas';
import type { Row, Sql, SqlValue, Statement } from '@anarq/store';
import type { Static, TObject, TSchema } from 'typebox';
import type { Principal } from './call.ts';
import type { AtMost } from './guards.ts';
import type { OwnLog } from './ownLog.ts';
import type { Approval } from './processViews.ts';
import type { Readable } from './readable.ts';
import type { Services } from './services.ts';
import type { RowOf, Table, ValuesOf } from './table.ts';

/** What every handler knows of its call. Nothing in it changes when the call is run again. */
export interface CallFacts extends Principal {
  readonly requestId: string;
  readonly operation: string;
  /** DID of the party on whose behalf the caller acts: itself, or whoever granted it. */
  readonly subject: string;
  /** CIDs of the grants that allow this call: speaking for the subject, and for the resource. */
  readonly grants: readonly string[];
  /** Process that this call is a step of. */
  readonly process?: string;
}

export interface ListOptions<T extends Table> {
  readonly where?: Partial<RowOf<T>>;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly newestFirst?: boolean;
  /**
   * Whose rows: `mine` (default) those of the subject and those that grants open for this
   * operation; `tenant` every row of the tenant, for what the module publishes to all.
   */
  readonly of?: 'mine' | 'tenant';
}

export interface Page<T> {
  readonly items: T[];
  readonly next?: string;
}

/** Rows of one table, confined to the tenant of the call. */
export interface Rows<T extends Table> {
  get(id: string): Promise<RowOf<T> | undefined>;
  /** @throws QINDEX_NOT_FOUND */
  require(id: string): Promise<RowOf<T>>;
  list(options?: ListOptions<T>): Promise<Page<RowOf<T>>>;
}

/** Rows that a command may change. What it read is guarded by version when it commits. */
export interface WritableRows<T extends Table> extends Rows<T> {
  /** Owner: the subject, unless given. */
  insert(row: { readonly id: string; readonly owner?: string } & ValuesOf<T>): void;
  update(row: RowOf<T>, change: Partial<ValuesOf<T>> & { readonly owner?: string }): void;
  remove(row: RowOf<T>): void;
}

/** What a query may use. */
export interface ReadContext {
  readonly call: CallFacts;
  /** Milliseconds since 1970; the same when the call is run again. */
  readonly now_ms: number;
  /** The same instant as RFC 3339. */
  readonly now: string;
  readonly services: Services;
  /** The log of the module's own, where it keeps one: what its `ownLog` opened. */
  readonly ownLog: OwnLog | undefined;
  rows<T extends Table>(table: T): Rows<T>;
  /**
   * Reads with SQL of the module's own. The text must confine itself with :tenant, which the kernel
   * fills in.
   */
  select(sql: Sql, params?: Readonly<Record<string, SqlValue>>): Promise<readonly Row[]>;
  /** Calls a query of another module (named in `uses`) under the authority of this call, or as this module. */
  query<Op extends Operation<TObject, TSchema, 'query'>>(
    op: Op,
    input: InputOf<Op>,
    options?: { readonly as?: 'caller' | 'module' },
  ): Promise<OutputOf<Op>>;
  /**
   * Counts for a metric of the module's contract, at once and in memory alone: what a commit is to be
   * counted with belongs into `afterCommit`, since a handler may run again.
   */
  measure<M extends Metric>(metric: M, value: number, labels: LabelsOf<M>): void;
  /** Whose rows of a resource noun grants open for this operation; the subject's own come on top. */
  readable(noun: string): Promise<readonly Readable[]>;
  /**
   * A ticket by which whoever makes this call opens one connection that reads events.
   * @throws QLOCK_AUTH_FAIL, LIMIT_EXCEEDED
   */
  eventTicket(): { readonly ticket: string; readonly expires_ms: number };
  /** May the subject of this call use this resource under that command? Without an error. */
  allows(command: string, resource: string): Promise<boolean>;
}

type EventsOf<Op> = Op extends { readonly '~events'?: infer Ev } ? Exclude<Ev, undefined> : never;
type Payload<Payloads, T> = T extends keyof Payloads ? Payloads[T] : never;

/** What a command may use: the unit of work that one durable commit will carry. */
export interface WriteContext<Op extends AnyOperation = AnyOperation> extends Omit<
  ReadContext,
  'rows'
> {
  rows<T extends Table>(table: T): WritableRows<T>;
  /** A new id, time-ordered (UUIDv7), with a prefix that says of what: 'listing_…'. */
  id(prefix: string): string;
  /** A guarded statement on the module's own tables; it must confine itself with :tenant. */
  write(statement: Statement): void;
  /**
   * Keeps a limit that many calls at once may meet: refuses what would pass it, and counts again in
   * the commit, under a guard of its own.
   * @throws LIMIT_EXCEEDED
   */
  atMost(limit: AtMost): Promise<void>;
  /** Adds statements that one of the services prepared; others are refused. */
  carry(statements: readonly Statement[]): void;
  emit<T extends Op['emits'][number]>(topic: T, payload: Payload<EventsOf<Op>, T>): void;
  /** Adds somebody who can open the record of this call, besides actor, subject and owner. */
  party(did: string): void;
  /** What was really used of the ceiling that the call authorised; default: all of it. */
  spent(amount: string): void;
  /** Runs once the commit is durable, before the answer; for state that is kept in memory. */
  afterCommit(effect: () => void): void;
}

/** A call to make: an operation and its input. */
export interface Planned<Op extends AnyOperation = AnyOperation> {
  readonly op: Op;
  readonly input: InputOf<Op>;
}

export interface StepOptions<Op extends AnyOperation> {
  /** The call that undoes the step; undo runs in reverse order. */
  readonly undo?: (result: OutputOf<Op>) => Planned;
  /** `module`: the module acts as itself, under a grant it holds; default: the caller's authority. */
  readonly as?: 'caller' | 'module';
}

type Writable = Operation<TObject, TSchema, 'command' | 'process'>;

/** What a process may use. Everything taken from here is journaled. */
export interface ProcessContext<Op extends AnyOperation = AnyOperation> extends WriteContext<Op> {
  /** Calls another operation as a journaled step, once, whatever happens to this process. */
  step<S extends Writable>(
    name: string,
    op: S,
    input: InputOf<S>,
    options?: StepOptions<S>,
  ): Promise<OutputOf<S>>;
  /** Goes on at an instant (RFC 3339), also if the node is started again before. */
  sleepUntil(name: string, instant: string): Promise<void>;
  /**
   * Goes on when whoever owns this process, or holds a grant for it, sends `node.signal` with this
   * name and a payload of the schema; or with undefined, when the time is over before.
   */
  waitForSignal<S extends TSchema>(
    name: string,
    options: { readonly schema: S; readonly timeout_ms?: number },
  ): Promise<Static<S> | undefined>;
  /** Goes on when a person has answered a question, or not in time. */
  waitForApproval(
    name: string,
    asking: {
      readonly question: string;
      /** DID of who is asked. */
      readonly approver: string;
      /** RFC 3339. */
      readonly expires: string;
    },
  ): Promise<Approval>;
  /** Of a job: how far it is. Not journaled; what is told last is kept. */
  progress(done: number, total?: number, note?: string): void;
  /**
   * Whether it is to stop: cancelled by its owner, or past its deadline. The next step does not
   * happen then, and those before it are undone, whatever the handler does.
   */
  cancelled(): boolean;
}

/** The context that a handler of this operation gets. */
export type ContextOf<Op extends AnyOperation> = Op['kind'] extends 'query'
  ? ReadContext
  : Op['kind'] extends 'command'
    ? WriteContext<Op>
    : ProcessContext<Op>;
