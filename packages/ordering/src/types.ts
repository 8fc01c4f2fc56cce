import type { FaultModel } from './faultModels.ts';

/** What is put in order: bytes, under a key that acts once. */
export interface Batch {
  /** 1 to 64 printable ASCII characters without blanks. */
  readonly key: string;
  /** Meaningless to the order. Not changed meanwhile by whoever hands them in. */
  readonly bytes: Uint8Array;
}

/** A batch at its place in the order: the same at every node. */
export interface OrderedCommit {
  /** Rises from commit to commit; not always by one. */
  readonly sequence: bigint;
  /** Nanoseconds since 1970, as the order says; may stand still or go back. */
  readonly time_ns: bigint;
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** What was applied and left something behind, so that two nodes, or a node and an order, can be compared. */
export interface AppliedHistory {
  /** Of the last commit that left something; 0n where none did. */
  readonly sequence: bigint;
  /** Its key; undefined where there is none. */
  readonly key: string | undefined;
  /** Digest over all of them and what they were answered, in hex. */
  readonly digest: string;
}

/**
 * Applies what is ordered, and keeps it. The same commits in the same order give the same answers and the
 * same state everywhere: it looks at no clock, and a key that was applied before is answered as then.
 */
export interface Applier {
  /** Everything up to this sequence is applied and durable; 0n before the first. */
  applied(): bigint;
  history(): AppliedHistory;
  /**
   * Applies commits in their order; resolves, with one answer each, when they are applied AND synced.
   * It may be called again before that; what a crash brings again, it knows by its key. What it throws
   * ends the engine: nothing is skipped.
   */
  apply(commits: readonly OrderedCommit[]): Promise<readonly Uint8Array[]>;
}

/**
 * How far a batch has come when it is answered: 'Confirmed' is ordered, applied and synced here;
 * 'Finalized' is covered by a certificate beside that, which `dag-bft` alone has.
 */
type Level = 'Confirmed' | 'Finalized';

export interface SubmitOptions {
  /** How far to wait. Default 'Confirmed'. */
  readonly level?: Level;
}

/** The answer to a batch. */
export interface OrderedAnswer {
  readonly sequence: bigint;
  readonly level: Level;
  /** What this is worth. */
  readonly faultModel: FaultModel;
  /** The applier's. */
  readonly answer: Uint8Array;
}

export type OrderingState =
  /** Follows the order. */
  | 'ready'
  /** Reads what was ordered before this start. */
  | 'catchingUp'
  /** The order cannot be reached; it is tried again. */
  | 'disconnected'
  /** Stopped for good: `why` says what happened, and what to do. */
  | 'failed'
  | 'closed';

export interface OrderingStatus {
  readonly faultModel: FaultModel;
  readonly state: OrderingState;
  readonly why?: string;
  /** Everything up to here is applied and durable here. */
  readonly applied: bigint;
  /** The last sequence that is known to be in the order. */
  readonly ordered: bigint;
  /** Batches of this node that are not answered yet, and their bytes. */
  readonly waiting: number;
  readonly waiting_bytes: number;
  readonly counts: OrderingCounts;
}

/** Since this start. */
interface OrderingCounts {
  readonly submitted: number;
  readonly applied: number;
  /** Handed in again because no answer had come. */
  readonly resubmitted: number;
  /** In the order, but not of this ledger: passed over. */
  readonly foreign: number;
  readonly reconnected: number;
}

/** Puts batches in one order for all nodes of a ledger. */
export interface OrderingEngine {
  readonly faultModel: FaultModel;
  /**
   * Puts a batch in order; resolves when this node has applied and synced it. The same key acts once,
   * whoever hands it in and how often. Batches that are under way at the same time may come in any order.
   * @throws QError INPUT_INVALID for a key that is none; INPUT_TOO_LARGE; LIMIT_EXCEEDED where too much
   * waits already; VERSION_CONFLICT where other bytes are under way under the key; TIMEOUT_ERROR where no
   * answer came in time: it may still act, and is handed in again under the same key; SERVICE_UNAVAILABLE
   * where the engine is closed or failed
   */
  submit(batch: Batch, options?: SubmitOptions): Promise<OrderedAnswer>;
  status(): OrderingStatus;
  /** Waits for nobody's answer but its own writes. */
  close(): Promise<void>;
}

/** What limits an engine. */
export interface OrderingLimits {
  /** Batches of this node that may wait for their answers. */
  readonly waiting_max: number;
  /** Their bytes together. */
  readonly waiting_bytes_max: number;
  /** Bytes of a batch. */
  readonly batch_bytes_max: number;
  /** How long an answer may take. */
  readonly answer_ms_max: number;
}

/** 8,190 records of 128 bytes and a header fit. */
export const DEFAULT_LIMITS: OrderingLimits = {
  waiting_max: 4_096,
  waiting_bytes_max: 64 << 20,
  batch_bytes_max: 8_190 * 128 + 64,
  answer_ms_max: 30_000,
};
