/** The store as its callers have it, over either database: admits, copies and counts what it is given. */

import { StoreError, toStoreError } from './errors.ts';
import { BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX, QUEUE_BYTES_MAX, SQL_CHARS_MAX } from './limits.ts';
import type { Calls } from './messages.ts';
import type {
  CheckResult,
  Dialect,
  Migration,
  Params,
  Row,
  Sql,
  Statement,
  StatementResult,
  Store,
  StoreStats,
} from './types.ts';

/** How a database has what is sent to it: checked, and copied. Both throw StoreError. */
export interface Wire<S, Q> {
  /** @returns the statement, and the bytes of its parameters */
  statement(sql: string, statement: Statement): { readonly sent: S; readonly bytes: number };
  query(sql: string, params: Params): Q;
}

/** Who writes: one batch after the other, each all or nothing. */
export interface WriterPort<S> {
  /** Requests that wait for their answer. */
  readonly depth: number;
  /** Transactions committed, and the batches of the largest. */
  readonly transactions: number;
  readonly largest: number;
  commit(batch: readonly S[]): Promise<readonly StatementResult[]>;
  migrate(order: Calls['migrate']['takes']): Promise<unknown>;
  close(): Promise<void>;
}

/** Who reads, beside the writer. */
export interface ReaderPort<Q> {
  readonly depth: number;
  read(query: Q): Promise<readonly Row[]>;
  check(): Promise<CheckResult>;
  close(): Promise<void>;
}

/** A database behind a store. */
interface Database<S, Q> {
  readonly dialect: Dialect;
  readonly wire: Wire<S, Q>;
  readonly writer: WriterPort<S>;
  readonly readers: ReaderPort<Q>;
}

/** The one implementation of `Store`; a database is a writer and readers. */
export class StoreFront<S, Q> implements Store {
  readonly #dialect: Dialect;
  readonly #wire: Wire<S, Q>;
  readonly #writer: WriterPort<S>;
  readonly #readers: ReaderPort<Q>;
  readonly #queueMax: number;
  #commits = 0;
  #rejected = 0;
  #reads = 0;
  #waitingBytes = 0;
  #closing: Promise<void> | null = null;

  constructor({ dialect, wire, writer, readers }: Database<S, Q>, queueMax: number) {
    this.#dialect = dialect;
    this.#wire = wire;
    this.#writer = writer;
    this.#readers = readers;
    this.#queueMax = queueMax;
  }

  async commit(batch: readonly Statement[]): Promise<readonly StatementResult[]> {
    try {
      this.#admit(this.#writer.depth, 'commits');
      const { sent, bytes } = this.#toWireBatch(batch);
      this.#waitingBytes += bytes;
      try {
        const results = await this.#writer.commit(sent);
        this.#commits += 1;
        return results;
      } finally {
        this.#waitingBytes -= bytes;
      }
    } catch (error) {
      this.#rejected += 1;
      throw error;
    }
  }

  async read(sql: Sql, params: Params = {}): Promise<readonly Row[]> {
    this.#admit(this.#readers.depth, 'reads');
    const text = this.#textOf(typeof sql === 'string' ? { sql } : sql);
    const rows = await this.#readers.read(this.#wire.query(text, params));
    this.#reads += 1;
    return rows;
  }

  async migrate(module: string, migrations: readonly Migration[]): Promise<void> {
    this.#admit(this.#writer.depth, 'commits');
    const copies = migrations.map((one) => ({
      id: one.id,
      sql: this.#dialect === 'postgres' ? (one.postgres ?? one.sql) : one.sql,
    }));
    await this.#writer.migrate({ module, migrations: copies });
  }

  stats(): StoreStats {
    return {
      commits: this.#commits,
      rejected: this.#rejected,
      batches: this.#writer.transactions,
      largest_group: this.#writer.largest,
      queue_depth: this.#writer.depth,
      reads: this.#reads,
    };
  }

  async check(): Promise<CheckResult> {
    this.#admit(this.#readers.depth, 'reads');
    return this.#readers.check();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Readers first: with SQLite the last connection to go takes the log file with it. */
  async #close(): Promise<void> {
    try {
      await this.#readers.close();
    } finally {
      await this.#writer.close();
    }
  }

  #admit(waiting: number, what: string): void {
    if (this.#closing !== null) throw new StoreError('CLOSED', 'the store is closed');
    if (waiting < this.#queueMax) return;
    const message = `${waiting} ${what} wait already, as many as may: try again when some are answered`;
    throw new StoreError('BUSY', message, { limit: 'queue_max', max: this.#queueMax });
  }

  /** Within the limits of a batch, and of all that wait with the writer. */
  #toWireBatch(batch: readonly Statement[]): { sent: readonly S[]; bytes: number } {
    if (batch.length > BATCH_STATEMENTS_MAX) {
      throw overLimit('statements', batch.length, BATCH_STATEMENTS_MAX);
    }
    let bytes = 0;
    const sent = batch.map((statement, index): S => {
      const sql = this.#textOf(statement);
      const one = this.#ofStatement(sql, statement, index);
      bytes += sql.length + one.bytes;
      if (bytes > BATCH_BYTES_MAX) throw overLimit('bytes', bytes, BATCH_BYTES_MAX);
      return one.sent;
    });
    if (this.#waitingBytes + bytes > QUEUE_BYTES_MAX) {
      const message = 'too many bytes wait to be written: try again when some commits are answered';
      throw new StoreError('BUSY', message, { limit: 'queue_bytes', max: QUEUE_BYTES_MAX });
    }
    return { sent, bytes };
  }

  #ofStatement(sql: string, statement: Statement, index: number) {
    try {
      return this.#wire.statement(sql, statement);
    } catch (thrown) {
      throw toStoreError(thrown, { index, name: statement.name ?? '' });
    }
  }

  #textOf({ sql, postgres }: { readonly sql: string; readonly postgres?: string }): string {
    const text = this.#dialect === 'postgres' ? (postgres ?? sql) : sql;
    if (text.length > SQL_CHARS_MAX)
      throw overLimit('characters of SQL', text.length, SQL_CHARS_MAX);
    return text;
  }
}

/** An option that is a whole number. @throws StoreError `SQL` where it is out of its range. */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new StoreError('SQL', `${name} must be a whole number from ${min} to ${max}, not ${value}`);
}

function overLimit(limit: string, actual: number, max: number): StoreError {
  return new StoreError('SQL', `${actual} ${limit}, at most ${max}`, { limit, actual, max });
}
