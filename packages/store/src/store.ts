/** Opening the SQLite store: its file, its writer thread and its reader threads. */

import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { StoreError } from './errors.ts';
import { inRange, StoreFront, type Wire, type WriterPort } from './front.ts';
import type { WireQuery, WireStatement } from './messages.ts';
import { numbered } from './parameters.ts';
import { Readers } from './readers.ts';
import { Thread } from './thread.ts';
import type { Store, StoreOptions } from './types.ts';
import { sizeOf, valuesOf } from './values.ts';

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
    const database = {
      dialect: 'sqlite',
      wire: THREADS,
      writer: writerOf(writer),
      readers,
    } as const;
    return new StoreFront(database, queue_max);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Values travel in the order of the numbered parameters. */
const THREADS: Wire<WireStatement, WireQuery> = {
  statement(sql, { params = {}, expect, name = '' }) {
    const { text, names } = numbered(sql);
    const values = valuesOf(names, params);
    let bytes = 0;
    for (const value of values) bytes += sizeOf(value);
    return { sent: { text, values, changes: expect?.changes, rows: expect?.rows, name }, bytes };
  },
  query(sql, params) {
    const { text, names } = numbered(sql);
    return { text, values: valuesOf(names, params) };
  },
};

function writerOf(thread: Thread): WriterPort<WireStatement> {
  return {
    get depth() {
      return thread.depth;
    },
    get transactions() {
      return thread.transactions;
    },
    get largest() {
      return thread.largest;
    },
    commit: (batch) => thread.call('commit', batch),
    migrate: (order) => thread.call('migrate', order),
    close: () => thread.close(),
  };
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
