/** Prepared statements of one connection, kept by their text, and how one is run. */

import { constants, type DatabaseSync, type StatementSync } from 'node:sqlite';

import { StoreError } from './errors.ts';
import {
  CACHED_SQL_CHARS_MAX,
  QUERY_MS_MAX,
  RESULT_BYTES_MAX,
  ROWS_MAX,
  STATEMENT_CACHE_MAX,
} from './limits.ts';
import type { WireQuery } from './messages.ts';
import type { Row, SqlValue, StatementResult } from './types.ts';
import { settleRow, whole } from './values.ts';

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
  readonly writes: boolean;
  /** Since it was last considered for being forgotten. */
  isUsed: boolean;
}

/** Runs statements on a connection. Installs the connection's authorizer. */
export class Statements {
  readonly #db: DatabaseSync;
  readonly #cache = new Map<string, Prepared>();
  readonly #countChanges: StatementSync;
  #trusted = false;
  #sawWrite = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#countChanges = db.prepare('select changes() as n');
    db.setAuthorizer((action, first) => this.#authorise(action, first));
  }

  /** Runs the package's own SQL, which may do what callers may not (begin, savepoint, pragma). */
  trusted<T>(work: () => T): T {
    this.#trusted = true;
    try {
      return work();
    } finally {
      this.#trusted = false;
    }
  }

  /**
   * Runs one statement with the values of its numbered parameters.
   * @throws StoreError, or what node:sqlite throws.
   */
  run({ text, values }: WireQuery): StatementResult {
    const prepared = this.#prepare(text);
    const bound = values.map(whole);
    if (prepared.returnsRows) {
      const rows = collect(prepared.statement, bound);
      return { rows, changes: prepared.writes ? Number(this.#countChanges.get()?.['n']) : 0 };
    }
    const { changes } = prepared.statement.run(...bound);
    // For a statement that changes no rows (DDL), SQLite reports the number of the one before.
    return { rows: NO_ROWS, changes: prepared.writes ? Number(changes) : 0 };
  }

  #prepare(sql: string): Prepared {
    const known = this.#cache.get(sql);
    if (known !== undefined) {
      known.isUsed = true;
      return known;
    }
    this.#sawWrite = false;
    const statement = this.#db.prepare(sql);
    statement.setReadBigInts(true);
    if (sql.slice(statement.sourceSQL.length).trim() !== '') {
      throw new StoreError(
        'SQL',
        'one statement at a time: what follows the first would be ignored',
      );
    }
    const returnsRows = statement.columns().length > 0;
    const prepared = { statement, returnsRows, writes: this.#sawWrite, isUsed: true };
    if (sql.length <= CACHED_SQL_CHARS_MAX) this.#cache.set(sql, prepared);
    if (this.#cache.size > STATEMENT_CACHE_MAX) this.#forgetOne();
    return prepared;
  }

  /** The oldest that was not used since it was last looked at; the used ones get another round. */
  #forgetOne(): void {
    for (const [sql, prepared] of this.#cache) {
      this.#cache.delete(sql);
      if (!prepared.isUsed) return;
      prepared.isUsed = false;
      this.#cache.set(sql, prepared);
    }
  }

  /** Asked by SQLite while it compiles a statement. https://www.sqlite.org/c3ref/set_authorizer.html */
  #authorise(action: number, first: string | null): number {
    if (this.#trusted) return constants.SQLITE_OK;
    switch (action) {
      case constants.SQLITE_TRANSACTION:
      case constants.SQLITE_SAVEPOINT:
      case constants.SQLITE_ATTACH:
      case constants.SQLITE_DETACH:
        return constants.SQLITE_DENY;
      case constants.SQLITE_PRAGMA:
        return first !== null && INNER_PRAGMAS.has(first)
          ? constants.SQLITE_OK
          : constants.SQLITE_DENY;
      case constants.SQLITE_INSERT:
      case constants.SQLITE_UPDATE:
      case constants.SQLITE_DELETE:
        // DDL writes the schema table, which is no change of rows.
        if (first?.startsWith('sqlite_') !== true) this.#sawWrite = true;
        return constants.SQLITE_OK;
      default:
        return constants.SQLITE_OK;
    }
  }
}

/** What FTS5, R*Tree and ALTER TABLE ask of their own connection inside a caller's statement. */
const INNER_PRAGMAS: ReadonlySet<string> = new Set(['data_version', 'page_size', 'quick_check']);

const NO_ROWS: readonly Row[] = Object.freeze([]);
const ROWS_BETWEEN_CLOCK_READS = 256;

function collect(statement: StatementSync, values: readonly SqlValue[]): Row[] {
  const rows: Row[] = [];
  const started = performance.now();
  let bytes = 0;
  // Leaving the loop by a throw resets the statement, which ends its read transaction.
  for (const row of statement.iterate(...values)) {
    if (rows.length === ROWS_MAX) throw tooMuch('rows', ROWS_MAX);
    bytes += settleRow(row);
    if (bytes > RESULT_BYTES_MAX) throw tooMuch('bytes', RESULT_BYTES_MAX);
    if (
      rows.length % ROWS_BETWEEN_CLOCK_READS === 0 &&
      performance.now() - started > QUERY_MS_MAX
    ) {
      throw tooMuch('ms', QUERY_MS_MAX);
    }
    rows.push(row);
  }
  return rows;
}

function tooMuch(limit: string, max: number): StoreError {
  const message = `the result is over its limit of ${max} ${limit}: ask for less, page by page`;
  return new StoreError('SQL', message, { limit, max });
}
