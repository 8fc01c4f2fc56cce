/** Opening the SQLite files: the data file for writing or reading, and the lock beside it. */

import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { StoreError, toStoreError } from './errors.ts';
import { BATCH_BYTES_MAX, SQL_CHARS_MAX, WAL_BYTES_KEPT } from './limits.ts';
import type { WorkerOptions } from './messages.ts';

const LIMITS = { length: BATCH_BYTES_MAX, sqlLength: SQL_CHARS_MAX * 4, attach: 0 };

/**
 * Makes this process the owner of a data file: an exclusive transaction on an empty database
 * beside it, which the operating system ends when the process dies, however it dies. The lock
 * file stays, and holds nothing; nobody may delete it while a store is open. POSIX drops a
 * process's locks on a file when the process closes any descriptor of it: in the owner's process,
 * the data file and the lock file are opened by SQLite only.
 * @throws StoreError `LOCKED` where another store, of this or another process, has it.
 */
export function acquireLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(`${file}.lock`, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (thrown) {
    lock.close();
    const error = toStoreError(thrown);
    if (error.code !== 'BUSY') throw error;
    const message = `another store owns ${file}: stop the process that runs it, or name another file`;
    throw new StoreError('LOCKED', message, { file });
  }
}

/**
 * The writing connection. The caller holds the lock.
 * @throws StoreError `CORRUPT` where the file is something else than a database.
 */
export function openWriter(options: WorkerOptions): DatabaseSync {
  // -wal and -shm take their permissions from the data file: for the owner's eyes only. Never
  // opened here where it exists: closing it would drop the POSIX locks that SQLite holds on it.
  if (!existsSync(options.file)) closeSync(openSync(options.file, 'a', 0o600));
  const db = new DatabaseSync(options.file, { timeout: options.busy_timeout_ms, limits: LIMITS });
  try {
    const mode = db.prepare('pragma journal_mode = wal').get()?.['journal_mode'];
    if (mode !== 'wal')
      throw new StoreError('FAILED', `no write-ahead log for ${options.file}: ${mode}`);
    db.exec(`
      pragma synchronous = full;
      pragma fullfsync = on; -- macOS: fsync alone stops at the drive's cache
      pragma checkpoint_fullfsync = on;
      pragma foreign_keys = on;
      pragma trusted_schema = off;
      pragma journal_size_limit = ${WAL_BYTES_KEPT};
    `);
    if (options.page_count_max !== null) {
      db.exec(`pragma max_page_count = ${Math.trunc(options.page_count_max)}`);
    }
    return db;
  } catch (thrown) {
    db.close();
    throw toStoreError(thrown);
  }
}

/** A reading connection beside the writer. */
export function openReader(options: WorkerOptions): DatabaseSync {
  const db = new DatabaseSync(options.file, {
    readOnly: true,
    timeout: options.busy_timeout_ms,
    limits: LIMITS,
  });
  db.exec('pragma query_only = on; pragma trusted_schema = off;');
  return db;
}
