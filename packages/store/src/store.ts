/** The store as its callers have it: checks what it is given, and asks the threads. */

import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { StoreError } from './errors.ts';
import { BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX, QUEUE_BYTES_MAX, SQL_CHARS_MAX } from './limits.ts';
import type { WireStatement } from './messages.ts';
import { Readers } from './readers.ts';
import { Thread } from './thread.ts';
import type {
  CheckResult,
  Migration,
  Params,
  Row,
  Statement,
  StatementResult,
  Store,
  StoreOptions,
  StoreStats,
} from './types.ts';
import { sizeOf, toParams } from './values.ts';

const WRITER = new URL('./writer.ts', import.meta.url);

/**
 * Opens a data file, and makes it where there is none; its folder must be there.
 * @throws StoreError `LOCKED` where another store owns it, `CORRUPT` where it is no database,
 * `SQL` for an option out of its range, `FAILED` where it cannot be opened.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const queue_max = inRange('queue_max', options.queue_max ?? 10_000, 1, 1_000_000);
  const reader_count = inRange('readers', options.readers ?? 1, 1, 16);
  const read_timeout_ms = inRange('read_timeout_ms', options.read_timeout_ms ?? 30_000, 4, 600_000);
  const worker = {
    file: locate(options.file),
    busy_timeout_ms: inRange('busy_timeout_ms', options.busy_timeout_ms ?? 5_000, 0, 600_000),
    group_max: inRange('group_max', options.group_max ?? 512, 1, 100_000),
    page_count_max: options.test_page_count_max ?? null,
  };
  const writer = await Thread.start(WRITER, 'store-writer', worker);
  try {
    const readers = await Readers.start(reader_count, worker, read_timeout_ms);
    return new SqliteStore(writer, readers, queue_max);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new StoreError('SQL', `${name} must be a whole number from ${min} to ${max}, not ${value}`);
}

/** The path behind links: two names of one file must meet at one lock. */
function locate(file: string): string {
  if (file === '' || file === ':memory:') {
    throw new StoreError('SQL', 'the store needs a file: its readers are connections of their own');
  }
  const path = resolve(file);
  try {
    // A link that leads nowhere is refused too: the file it would make had another lock next time.
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return realpathSync(path);
    return join(realpathSync(dirname(path)), basename(path));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new StoreError('FAILED', `cannot open ${path}: ${reason}`, { file: path });
  }
}

class SqliteStore implements Store {
  readonly #writer: Thread;
  readonly #readers: Readers;
  readonly #queueMax: number;
  #commits = 0;
  #rejected = 0;
  #reads = 0;
  #waitingBytes = 0;
  #closing: Promise<void> | null = null;

  constructor(writer: Thread, readers: Readers, queueMax: number) {
    this.#writer = writer;
    this.#readers = readers;
    this.#queueMax = queueMax;
  }

  async commit(batch: readonly Statement[]): Promise<readonly StatementResult[]> {
    try {
      this.#admit(this.#writer.depth, 'commits');
      const { wire, bytes } = toWireBatch(batch);
      const results = await this.#queued(bytes, () => this.#writer.call('commit', wire));
      this.#commits += 1;
      return results;
    } catch (error) {
      this.#rejected += 1;
      throw error;
    }
  }

  async read(sql: string, params: Params = {}): Promise<readonly Row[]> {
    this.#admit(this.#readers.depth, 'reads');
    checkSql(sql);
    const rows = await this.#readers.read({ sql, params: toParams(params) });
    this.#reads += 1;
    return rows;
  }

  async migrate(module: string, migrations: readonly Migration[]): Promise<void> {
    this.#admit(this.#writer.depth, 'commits');
    const copies = migrations.map(({ id, sql }) => ({ id, sql }));
    await this.#writer.call('migrate', { module, migrations: copies });
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

  /** Readers first: the last connection to go takes the log file with it. */
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
}

function toWireBatch(batch: readonly Statement[]): {
  wire: readonly WireStatement[];
  bytes: number;
} {
  if (batch.length > BATCH_STATEMENTS_MAX) {
    throw overLimit('statements', batch.length, BATCH_STATEMENTS_MAX);
  }
  let bytes = 0;
  const wire = batch.map(({ sql, params = {}, expect = {}, name = '' }): WireStatement => {
    checkSql(sql);
    const copy = toParams(params);
    bytes += sql.length;
    for (const value of Object.values(copy)) bytes += sizeOf(value);
    if (bytes > BATCH_BYTES_MAX) throw overLimit('bytes', bytes, BATCH_BYTES_MAX);
    return { sql, params: copy, expect: { ...expect }, name };
  });
  return { wire, bytes };
}

function checkSql(sql: string): void {
  if (sql.length > SQL_CHARS_MAX) throw overLimit('characters of SQL', sql.length, SQL_CHARS_MAX);
}

function overLimit(limit: string, actual: number, max: number): StoreError {
  return new StoreError('SQL', `${actual} ${limit}, at most ${max}`, { limit, actual, max });
}
