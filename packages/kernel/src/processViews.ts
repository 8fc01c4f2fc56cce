import type { JsonValue, Result } from '@anarq/common-schemas';
import type { Statement } from '@anarq/store';

/** Why a process is there: it was called, or a job, an event or a schedule began it. */
export type ProcessKind = 'process' | 'job' | 'event' | 'schedule';

/** What somebody who was asked said, or that nobody did in time. */
export interface Approval {
  readonly answer: 'APPROVED' | 'REFUSED' | 'EXPIRED';
  /** DID of who answered. */
  readonly by?: string;
  /** RFC 3339. */
  readonly at: string;
  readonly note?: string;
}

/** How far a job is. */
export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
}

/** What somebody who watches a job is told; the last time when it has ended. */
export interface JobNews {
  readonly jobId: string;
  readonly isEnded: boolean;
  readonly progress?: Progress;
}

export type JobWatcher = (news: JobNews) => void;

/** A wait as the store keeps it. */
export interface OpenWait {
  readonly id: string;
  readonly process: string;
  readonly name: string;
  readonly kind: 'sleep' | 'signal' | 'approval';
  readonly place: number;
  readonly digest: string;
  readonly due_ms: number | undefined;
  readonly approver: string | undefined;
  readonly tenant: string;
  readonly created_ms: number;
  readonly asked: WaitAsked;
}

export interface WaitAsked {
  readonly question?: string;
  readonly operation: string;
  readonly subject: string;
  readonly schema?: JsonValue;
}

/** How a process stands, as a person reads it. */
export type ProcessState =
  | 'RUNNING'
  | 'WAITING'
  | 'STOPPING'
  | 'BLOCKED'
  | 'NEEDS_ATTENTION'
  | 'DONE'
  | 'UNDONE'
  | 'ABANDONED';

/** A process as it is shown. */
export interface ProcessView {
  readonly id: string;
  readonly tenant: string;
  readonly operation: string;
  readonly version: string;
  readonly kind: ProcessKind;
  readonly subject: string;
  readonly actor: string;
  readonly state: ProcessState;
  readonly problem: string | undefined;
  readonly record: string;
  readonly attempts: number;
  readonly waits: readonly OpenWait[];
  readonly created_ms: number;
  readonly updated_ms: number;
  readonly deadline_ms: number | undefined;
  readonly progress: Progress | undefined;
  /** Of a job that has ended. */
  readonly outcome: Result<unknown> | undefined;
}

/** A step of a process, as it is shown to the operator: what, and how it went; never its contents. */
export interface StepView {
  readonly name: string;
  readonly operation: string;
  readonly code: string;
  readonly undo: string | undefined;
  readonly isUndone: boolean;
}

/** A place in a list, newest first. */
export interface Place {
  readonly created_ms: number;
  readonly id: string;
}

/** What a commit carries, and what to do once it is durable. */
export interface Prepared {
  readonly statements: readonly Statement[];
  readonly activate: () => void;
}

/** How many processes stand how, for health. */
export interface ProcessSummary {
  readonly open: number;
  readonly needAttention: number;
  readonly blocked: number;
}

/** What the module `node` shows and does of processes, jobs and approvals. */
export interface ProcessAdmin {
  /** @throws QINDEX_NOT_FOUND */
  require(id: string): Promise<ProcessView>;
  /** Open processes of all tenants, or only those that wait for a person; newest first. */
  open(page: PageOrder & { readonly onlyAttention: boolean }): Promise<ProcessView[]>;
  /** Open processes of all tenants that one of these called, that act for it, or stand on its grant. */
  openBehind(dids: ReadonlySet<string>): Promise<ProcessView[]>;
  /** Jobs of a party, newest first. */
  jobs(tenant: string, subject: string, page: PageOrder): Promise<ProcessView[]>;
  /** What a process asked so far, in order. */
  steps(id: string): Promise<StepView[]>;
  summary(): Promise<ProcessSummary>;
  /** What modules do without being called, and whether they may. */
  authorities(): AuthorityView[];
  /**
   * Gives a module the authority that its contract asks for, or ends it.
   * @throws QINDEX_NOT_FOUND for a module that does nothing by itself
   */
  prepareAuthority(module: string, change: 'give' | 'end'): Promise<Prepared>;
  /** Calls a listener with the progress of a job from now on; @returns what ends that. */
  watch(jobId: string, watcher: JobWatcher): () => void;
  /**
   * Stops an open process at its next step, and undoes what it did; the operator may give up one
   * that waits for a person, too.
   * @throws STATE_CONFLICT where it has ended
   */
  prepareStop(id: string, code: 'CANCELLED' | 'ABANDONED'): Promise<Prepared>;
  /** The same for several at once, because somebody behind them is stopped; one that ended stays so. */
  prepareStopAll(ids: readonly string[]): Prepared;
  /**
   * Has a process that waits for a person go on from where it stopped, or one that pauses after a
   * failure at once.
   * @throws STATE_CONFLICT where it has ended
   */
  prepareRetry(id: string): Promise<Prepared>;
  /**
   * Sends a process what it waits for.
   * @throws STATE_CONFLICT where it does not wait for a signal of this name now, INPUT_INVALID
   */
  prepareSignal(id: string, name: string, payload: unknown): Promise<Prepared>;
  /** What waits for somebody's approval, newest first. */
  approvals(tenant: string, approver: string, page: PageOrder): Promise<OpenWait[]>;
  /**
   * Answers what a process asked a person.
   * @throws STATE_CONFLICT where it was answered, or its time is over
   */
  prepareAnswer(
    approvalId: string,
    answer: Approval & { readonly answer: 'APPROVED' | 'REFUSED' },
  ): Promise<Prepared & { readonly asked: { readonly process: string; readonly subject: string } }>;
}

/** The authority under which a module acts by itself, as the operator sees it. */
export interface AuthorityView {
  readonly module: string;
  /** DID of the module. */
  readonly identity: string;
  readonly grant: string | undefined;
  /** ASKS_FOR_MORE: its contract does more by itself than was given; nothing happens until it is. */
  readonly state: 'IN_FORCE' | 'REVOKED' | 'ASKS_FOR_MORE';
  readonly consumes: readonly string[];
  readonly schedules: readonly { readonly name: string; readonly every: string }[];
  readonly uses: readonly string[];
}

export interface PageOrder {
  readonly limit: number;
  readonly before: Place | undefined;
}
