/** What a server must be before anything is kept on it, and who may write there. */

import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { StoreError } from '../errors.ts';
import { HELPERS } from './helpers.ts';
import { quoted, type Session } from './session.ts';

const VERSION_MIN = 150_000;
const LOCK_POLL_MS = 50;

/**
 * @throws StoreError `FAILED` where a commit that the server answers might not be on its disk, or
 * where it would store a text as something else.
 */
export async function checkServer(session: Session): Promise<void> {
  const [facts] = await session.script(
    `SELECT current_setting('server_version_num') AS version, current_setting('fsync') AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit,
       pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS standby
     FROM pg_database WHERE datname = current_database()`,
  );
  const problem = problemOf(facts ?? {});
  if (problem !== undefined) throw new StoreError('FAILED', problem);
  // What a role or a database may have been told otherwise; what waits for a replica too may stay.
  if (!/^(on|remote_apply)$/.test(String(facts?.['synchronous_commit'])))
    await session.script('SET synchronous_commit = on');
}

function problemOf(facts: Readonly<Record<string, unknown>>): string | undefined {
  if (Number(facts['version']) < VERSION_MIN)
    return `PostgreSQL 15 or later is needed; the server says ${String(facts['version'])}`;
  if (facts['fsync'] !== 'on')
    return 'the server runs with fsync = off: a crash of its machine could lose what was answered. Set fsync = on';
  if (facts['encoding'] !== 'UTF8')
    return `the database must have the encoding UTF8, not ${String(facts['encoding'])}`;
  if (facts['standby'] !== false) return 'the server is a standby: nothing can be written there';
  return undefined;
}

/** The key of a lock by its purpose: 64 bits of a hash, which PostgreSQL keeps apart by database. */
function lockKey(schema: string, purpose: 'store' | 'writer'): string {
  const digest = createHash('sha256').update(`q-infinity ${purpose} ${schema}`).digest();
  return digest.readBigInt64BE(0).toString();
}

/**
 * Makes this session the owner of a schema, until the session ends; `isShared`: one of several that
 * write in turn.
 * @throws StoreError `LOCKED` where another store has it after `wait_ms`.
 */
export async function acquireLock(
  session: Session,
  { schema, isShared, wait_ms }: { schema: string; isShared: boolean; wait_ms: number },
): Promise<void> {
  const take = isShared ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  const until_ms = performance.now() + wait_ms;
  for (;;) {
    const [row] = await session.script(`SELECT ${take}(${lockKey(schema, 'store')}) AS got`);
    if (row?.['got'] === true) return;
    if (performance.now() >= until_ms) break;
    await sleep(LOCK_POLL_MS);
  }
  const message = `another store owns the schema ${schema}: stop the process that runs it, or name another schema or database`;
  throw new StoreError('LOCKED', message, { schema });
}

/** What a transaction begins with where several stores write: the next one waits until it ended. */
export const turnOf = (schema: string): string =>
  `SELECT pg_advisory_xact_lock(${lockKey(schema, 'writer')})`;

/** Makes the schema, and in it the few functions that the portable subset names. */
export async function prepareSchema(session: Session, schema: string): Promise<void> {
  await session.script(
    `BEGIN; ${turnOf(schema)}; CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}; ${HELPERS}; COMMIT`,
  );
}

/** What became of a transaction whose connection was lost. Waits while it is still under way. */
export async function fateOf(session: Session, xid: string): Promise<'committed' | 'aborted'> {
  for (;;) {
    const [row] = await session.script(`SELECT pg_xact_status('${xid}'::xid8) AS fate`);
    const fate = row?.['fate'];
    if (fate === 'committed' || fate === 'aborted') return fate;
    if (fate !== 'in progress') throw new StoreError('FAILED', 'the server forgot the transaction');
    await sleep(LOCK_POLL_MS);
  }
}
