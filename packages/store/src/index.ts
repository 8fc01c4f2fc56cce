/** @anarq/store: a durable SQLite file behind one writer thread with group commit. */

export { StoreError } from './errors.ts';
export type { StoreErrorCode, StoreErrorDetails } from './errors.ts';
export { openStore } from './store.ts';
export type {
  CheckResult,
  Expectation,
  Migration,
  Params,
  Row,
  SqlValue,
  Statement,
  StatementResult,
  Store,
  StoreOptions,
  StoreStats,
} from './types.ts';
