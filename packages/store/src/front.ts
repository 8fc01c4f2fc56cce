/** The store as its callers have it, over either database: admits, copies and counts what it is given. */

import { StoreError } from './errors.ts';
import { BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX, QUEUE_BYTES_MAX, SQL_CHARS_MAX } from './limits.ts';
import type { Calls, WireStatement } from './messages.ts';
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
import { sizeOf, toParams } from './values.ts';

/** Who writes: one batch after the other, each all or nothing. */
export interface WriterPort {
  /** Requests that wait for their answer. */
  readonly depth: number;
  /** Transactions committed, and the batches of the largest. */
  readonly transactions: number;
  readonly largest: number;
  commit(batch: readonly WireStatement[]): Promise<readonly StatementResult[]>;
  migrate(order: Calls['migrate']['takes']): Promise<unknown>;
  close(): Promise<void>;
}

/** Who reads, beside the writer. */
export interface ReaderPort {
  readonly depth: number;
  read(query: Calls['read']['takes']): Promise<readonly Row[]>;
  check(): Promise<CheckResult>;
  close(): Promise<void>;
}

/** The one implementation of `Store`; a database is a writer and readers. */
export class StoreFront implements Store {
  readonly #dialect: Dialect;
  readonly #writer: WriterPort;
  readonly #readers: ReaderPort;
  readonly #queueMax: number;
  #commits = 0;
  #rejected = 0;
  #reads = 0;
  #waitingBytes = 0;
  #closing: Promise<void> | null = null;

  constructor(dialect: Dialect, writer: WriterPort, readers: ReaderPort, queueMax: number) {
    this.#dialect = dialect;
    this.#writer = writer;
    this.#readers = readers;
    this.#queueMax = queueMax;
  }

  async commit(batch: readonly Statement[]): Promise<readonly StatementResult[]> {
    try {
      this.#admit(this.#writer.depth, 'commits');
      const { wire, bytes } = this.#toWireBatch(batch);
      const results = await this.#queued(bytes, () => this.#writer.commit(wire));
      this.#commits += 1;
      return results;
    } catch (error) {
      this.#rejected += 1;
      throw error;
    }
  }

  async read(sql: Sql, params: Params = {}): Promise<readonly Row[]> {
    this.#admit(this.#readers.depth, 'reads');
    const text = this.#textOf(typeof sql === 'string' ? { sql } : sql);
    const rows = await this.#readers.read({ sql: text, params: toParams(params) });
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

  /** Keeps count of the bytes that wait with the writer. */
  async #queued<T>(bytes: number, call: () => Promise<T>): Promise<T> {
    if (this.#waitingBytes + bytes > QUEUE_BYTES_MAX) {
      const message = 'too many bytes wait to be written: try again when some commits are answered';
      throw new StoreError('BUSY', message, { limit: 'queue_bytes', max: QUEUE_BYTES_MAX });
    }
    this.#waitingBytes += bytes;
    try {
      return await call();
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  #toWireBatch(batch: readonly Statement[]): { wire: readonly WireStatement[]; bytes: number } {
    if (batch.length > BATCH_STATEMENTS_MAX) {
      throw overLimit('statements', batch.length, BATCH_STATEMENTS_MAX);
    }
    let bytes = 0;
    const wire = batch.map((statement): WireStatement => {
      const { params = {}, expect = {}, name = '' } = statement;
      const sql = this.#textOf(statement);
      const copy = toParams(params);
      bytes += sql.length;
      for (const value of Object.values(copy)) bytes += sizeOf(value);
      if (bytes > BATCH_BYTES_MAX) throw overLimit('bytes', bytes, BATCH_BYTES_MAX);
      return { sql, params: copy, expect: { ...expect }, name };
    });
    return { wire, bytes };
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
