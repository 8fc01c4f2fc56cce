/** What the callers of the store see. */

/** A value of a column or a parameter. Text is UTF-8, blobs are bytes, integers have 64 bits. */
export type SqlValue = string | number | bigint | null | Uint8Array;

/**
 * A result row by column name. An integer is a bigint where the name ends in `_minor` (money in
 * minor units), else a number; a number that would not be exact is `UNSAFE_INTEGER`.
 */
export type Row = Record<string, SqlValue>;

/** Values for the `:name` parameters of a statement: exactly those that it names. */
export type Params = Readonly<Record<string, SqlValue>>;

/** Which database is behind a store. */
export type Dialect = 'sqlite' | 'postgres';

/** A query: one text of the portable subset, or, where the databases differ, one for each. */
export type Sql = string | Pick<Statement, 'sql' | 'postgres'>;

/** What must hold after a statement, or its whole batch is undone with `CONFLICT`. */
export interface Expectation {
  /** Rows inserted, updated or deleted by the statement itself (not by triggers or cascades). */
  readonly changes?: number;
  /** Rows returned. */
  readonly rows?: number;
}

/** One SQL statement of a batch. */
export interface Statement {
  readonly sql: string;
  /** The same for PostgreSQL, where the portable subset cannot say it. */
  readonly postgres?: string;
  readonly params?: Params;
  readonly expect?: Expectation;
  /** Says in an error which statement it was. */
  readonly name?: string;
}

/** What one statement of a batch did. */
export interface StatementResult {
  readonly changes: number;
  readonly rows: readonly Row[];
}

/** One step of a module's schema. Once released, its text never changes. */
export interface Migration {
  readonly id: number;
  readonly sql: string;
  /** The same for PostgreSQL, where the portable subset cannot say it; it is recorded instead. */
  readonly postgres?: string;
}

/** Counters since the store was opened. */
export interface StoreStats {
  /** Batches acknowledged. */
  readonly commits: number;
  /** Batches refused or failed. */
  readonly rejected: number;
  /** Transactions that carried them: at most one fsync each. */
  readonly batches: number;
  /** Batches of the largest transaction. */
  readonly largest_group: number;
  /** Commits and migrations waiting for their answer now. */
  readonly queue_depth: number;
  /** Reads answered. */
  readonly reads: number;
}

/** What `check` found. */
export interface CheckResult {
  readonly ok: boolean;
  /** At most 200 lines. */
  readonly problems: string[];
}

/** A durable database with one writer, which commits in groups, and readers beside it. */
export interface Store {
  /**
   * Runs the batch as one transaction, durable when the promise resolves. A select sees the
   * batch's earlier writes. Transaction control, ATTACH and PRAGMA are refused.
   * @throws StoreError, and then nothing of the batch was kept, except where a `FAILED` carries
   * `details.outcome` 'unknown': the disk or the thread failed while committing.
   */
  commit(batch: readonly Statement[]): Promise<readonly StatementResult[]>;
  /**
   * One query beside the writer; sees every commit that resolved before the call. At most
   * 100,000 rows and 64 MiB.
   */
  read(sql: Sql, params?: Params): Promise<readonly Row[]>;
  /**
   * Brings a module's tables up to date: each migration once, in order of id, in a transaction of
   * its own; with SQLite with foreign keys off and checked at its end (https://www.sqlite.org/lang_altertable.html#otheralter).
   * @throws StoreError `MIGRATION_CHANGED` where a recorded text changed, is missing from the
   * list, or would be preceded by a new one.
   */
  migrate(module: string, migrations: readonly Migration[]): Promise<void>;
  /** Counters since the store was opened. */
  stats(): StoreStats;
  /**
   * Whether what is stored is whole. SQLite: quick_check and foreign key check of one snapshot, in a
   * thread of its own. PostgreSQL: every row is read, constraints and indexes are valid, and with the
   * extension `amcheck` each index agrees with its table.
   */
  check(): Promise<CheckResult>;
  /**
   * Answers what is waiting and closes; with SQLite, after copying the log into the data file. Safe to call again.
   * @throws StoreError where the copy failed (a full disk): the store is closed all the same, and
   * nothing is lost while `-wal` stays beside the file.
   */
  close(): Promise<void>;
}

/** How to open a store. */
export interface StoreOptions {
  /** Path of the data file; `<file>.lock`, `-wal` and `-shm` lie beside it. */
  readonly file: string;
  /** Unanswered commits, and unanswered reads, before `BUSY`. Default 10,000. */
  readonly queue_max?: number;
  /** Batches in one transaction at most. Default 512. */
  readonly group_max?: number;
  /** Reader threads, 1 to 16. Default 1. */
  readonly readers?: number;
  /** How long to wait for a foreign connection that holds the file. Default 5,000. */
  readonly busy_timeout_ms?: number;
  /** How long one query may keep a reader before it is refused with `FAILED`. Default 30,000. */
  readonly read_timeout_ms?: number;
  /** For tests only: the file may not grow beyond this many pages. */
  readonly test_page_count_max?: number;
}
