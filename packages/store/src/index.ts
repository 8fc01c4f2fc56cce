/** @anarq/store: one interface over a SQLite file and over PostgreSQL, with group commit. */

export { copyStore } from './backup.ts';
export { StoreError } from './errors.ts';
export type { StoreErrorCode, StoreErrorDetails } from './errors.ts';
export { openStore } from './store.ts';
export type {
  CheckResult,
  Expectation,
  Migration,
  Params,
  Row,
  Sql,
  SqlValue,
  Statement,
  StatementResult,
  Store,
  StoreOptions,
  StoreStats,
} from './types.ts';
