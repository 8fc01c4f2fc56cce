/** What the main thread and its workers say to each other. */

import type { WireError } from './errors.ts';
import type {
  CheckResult,
  Expectation,
  Migration,
  Row,
  SqlValue,
  StatementResult,
} from './types.ts';

/** A statement with its parameters copied and made exact by `toParams`. */
export interface WireStatement {
  readonly sql: string;
  readonly params: Readonly<Record<string, SqlValue>>;
  readonly expect: Expectation;
  readonly name: string;
}

/** The requests by kind, each with what it takes and what it answers. */
export interface Calls {
  commit: { takes: readonly WireStatement[]; answers: readonly StatementResult[] };
  migrate: { takes: { module: string; migrations: readonly Migration[] }; answers: null };
  read: {
    takes: { sql: string; params: Readonly<Record<string, SqlValue>> };
    answers: readonly Row[];
  };
  check: { takes: null; answers: CheckResult };
  close: { takes: null; answers: null };
}

export type CallKind = keyof Calls;

/** A numbered request of one of the given kinds. */
export type Request<K extends CallKind = CallKind> = {
  [Kind in K]: { readonly id: number; readonly kind: Kind; readonly payload: Calls[Kind]['takes'] };
}[K];

/** The answer to the request of that number. */
export type Answer =
  | { readonly id: number; readonly value: Calls[CallKind]['answers'] }
  | { readonly id: number; readonly error: WireError };

/** What a worker posts: that it is open, that it could not open, or answers. */
export type WorkerMessage =
  | { readonly type: 'open' }
  | { readonly type: 'refused'; readonly error: WireError }
  | {
      readonly type: 'answers';
      readonly answers: readonly Answer[];
      /** Transactions so far, and the batches of the largest; 0 from a reader. */
      readonly transactions: number;
      readonly largest: number;
    };

/** What a worker is started with. */
export interface WorkerOptions {
  readonly file: string;
  readonly busy_timeout_ms: number;
  readonly group_max: number;
  readonly page_count_max: number | null;
}
