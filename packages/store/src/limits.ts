/** The limits that are not options. */

/** Rows of one result. */
export const ROWS_MAX = 100_000;
/** Bytes of one result, counted as in `sizeOf`. */
export const RESULT_BYTES_MAX = 64 * 1024 * 1024;
/** Time between a query's first row and its last. */
export const QUERY_MS_MAX = 10_000;
/** Statements of one batch. */
export const BATCH_STATEMENTS_MAX = 10_000;
/** Bytes of one batch, SQL and parameters. */
export const BATCH_BYTES_MAX = 64 * 1024 * 1024;
/** Characters of one statement. */
export const SQL_CHARS_MAX = 1_000_000;
/** Prepared statements kept by each thread. */
export const STATEMENT_CACHE_MAX = 512;
/** Characters of a statement that is worth keeping. */
export const CACHED_SQL_CHARS_MAX = 20_000;
/** Bytes of all batches that wait. */
export const QUEUE_BYTES_MAX = 512 * 1024 * 1024;
/** Lines of a `check` answer. */
export const PROBLEMS_MAX = 200;
/** Bytes of the write-ahead log file kept after a checkpoint. */
export const WAL_BYTES_KEPT = 64 * 1024 * 1024;
