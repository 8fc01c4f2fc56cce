/** Opening the PostgreSQL store: the writing connection, which holds the schema's lock, and readers. */

import type { ClientConfig } from 'pg';

import { StoreError } from '../errors.ts';
import { inRange, StoreFront } from '../front.ts';
import type { Store } from '../types.ts';
import { fromPostgres } from './errors.ts';
import { Readers } from './readers.ts';
import { acquireLock, checkServer, prepareSchema } from './server.ts';
import { Session } from './session.ts';
import { POSTGRES } from './wire.ts';
import { Writer } from './writer.ts';

/** How to open a store on a PostgreSQL server. */
export interface PostgresStoreOptions {
  /** A `postgres:` address (user, password, host, port, database), with `?schema=NAME` and what libpq knows. */
  readonly url: string;
  /** The schema that is this store's own; it is made where it is not there. Default `q`. */
  readonly schema?: string;
  /**
   * Others write to the schema too, each transaction of each in its turn, so that numbers are given
   * in the order of commits. Default: this store alone owns it, and another gets `LOCKED`.
   */
  readonly shared?: boolean;
  /** Unanswered commits, and unanswered reads, before `BUSY`. Default 10,000. */
  readonly queue_max?: number;
  /** Batches in one transaction at most. Default 512. */
  readonly group_max?: number;
  /** Reading connections, 1 to 16. Default 4. */
  readonly readers?: number;
  /** How long to wait for a row or table that a foreign transaction holds, and for a server that
   * went away. Default 5,000. */
  readonly busy_timeout_ms?: number;
  /** How long one query may take before it is refused with `FAILED`. Default 30,000. */
  readonly read_timeout_ms?: number;
  /** How long to wait for the lock of a store that was just killed. Default 2,000. */
  readonly lock_wait_ms?: number;
}

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Opens a schema of a database, and makes it where there is none; the database must be there.
 * @throws StoreError `LOCKED` where another store owns it, `SQL` for an option that is none,
 * `FAILED` where the server cannot be reached or would not keep what it answers.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const queue_max = inRange('queue_max', options.queue_max ?? 10_000, 1, 1_000_000);
  const count = inRange('readers', options.readers ?? 4, 1, 16);
  const group_max = inRange('group_max', options.group_max ?? 512, 1, 100_000);
  const busy_timeout_ms = inRange('busy_timeout_ms', options.busy_timeout_ms ?? 5_000, 1, 600_000);
  const read_timeout_ms = inRange('read_timeout_ms', options.read_timeout_ms ?? 30_000, 4, 600_000);
  const wait_ms = inRange('lock_wait_ms', options.lock_wait_ms ?? 2_000, 0, 600_000);
  const { connection, schema } = locate(options);
  const isShared = options.shared === true;
  const place = { connection, schema };
  const openWriter = async (): Promise<Session> => {
    const settings = { lock_timeout: `${busy_timeout_ms}ms` };
    const session = await Session.open({ ...place, settings });
    try {
      await checkServer(session);
      await acquireLock(session, { schema, isShared, wait_ms });
      return session;
    } catch (thrown) {
      await session.end();
      throw thrown;
    }
  };
  const openReader = (): Promise<Session> => {
    const timeout = `${read_timeout_ms}ms`;
    const settings = { default_transaction_read_only: 'on', statement_timeout: timeout };
    return Session.open({ ...place, settings });
  };
  let session: Session | undefined;
  try {
    session = await openWriter();
    await prepareSchema(session, schema);
    const writing = { schema, group_max, isShared, busy_timeout_ms, open: openWriter };
    const writer = new Writer(session, writing);
    const readers = await Readers.start({
      schema,
      count,
      read_timeout_ms,
      open: openReader,
      assertOwner: () => writer.assertOwner(),
    });
    return new StoreFront({ dialect: 'postgres', wire: POSTGRES, writer, readers }, queue_max);
  } catch (thrown) {
    await session?.end();
    const error = fromPostgres(thrown);
    if (error.code !== 'FAILED' || thrown instanceof StoreError) throw error;
    const message = `the PostgreSQL store cannot be opened: ${error.message}`;
    throw new StoreError('FAILED', message, error.details);
  }
}

/** @throws StoreError `SQL` where the address or the schema is none. */
function locate(options: PostgresStoreOptions): { connection: ClientConfig; schema: string } {
  if (!URL.canParse(options.url) || !/^postgres(ql)?:\/\//.test(options.url))
    throw new StoreError('SQL', 'the address of the store is postgres://user@host:port/database');
  const url = new URL(options.url);
  const schema = options.schema ?? url.searchParams.get('schema') ?? 'q';
  if (!SCHEMA.test(schema) || schema.startsWith('pg_'))
    throw new StoreError('SQL', `${schema} is no name of a schema: a-z, 0-9 and _, at most 63`);
  url.searchParams.delete('schema');
  return { connection: { connectionString: url.href }, schema };
}
