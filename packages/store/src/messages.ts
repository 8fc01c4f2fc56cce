/** What the main thread and its workers say to each other; wire.ts has the form in which it travels. */

import type { WireError } from './errors.ts';
import type { CheckResult, Migration, Row, SqlValue, StatementResult } from './types.ts';

/** A query: its text with numbered parameters, and their values in that order, copied. */
export interface WireQuery {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** A statement of a batch, with what is expected of it. */
export interface WireStatement extends WireQuery {
  readonly changes: number | undefined;
  readonly rows: number | undefined;
  readonly name: string;
}

/** The requests by kind, each with what it takes and what it answers. */
export interface Calls {
  commit: { takes: readonly WireStatement[]; answers: readonly StatementResult[] };
  migrate: { takes: { module: string; migrations: readonly Migration[] }; answers: null };
  read: { takes: WireQuery; answers: readonly Row[] };
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
  | { readonly id: number; readonly results: readonly StatementResult[] }
  | { readonly id: number; readonly value: Exclude<Calls[CallKind]['answers'], StatementResult[]> }
  | { readonly id: number; readonly error: WireError };

/** What a worker posts: that it is open, that it could not open, or answers. */
export type WorkerMessage =
  | { readonly type: 'open' }
  | { readonly type: 'refused'; readonly error: WireError }
  | {
      readonly type: 'answers';
      /** As `writeAnswer` has them. */
      readonly words: readonly unknown[];
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
