/** Whether what is stored is whole, as far as a client of the server can see it. */

import { PROBLEMS_MAX } from '../limits.ts';
import type { CheckResult } from '../types.ts';
import { quoted, type Session } from './session.ts';

/** Reads every row; looks for constraints and indexes that do not hold; asks amcheck where it is. */
export async function checkDatabase(session: Session, schema: string): Promise<CheckResult> {
  const problems: string[] = [];
  await session.script('SET statement_timeout = 0');
  const inSchema = `n.nspname = '${schema.replaceAll("'", "''")}'`;
  const broken = await session.script(
    `SELECT 'index ' || c.relname || ' is not valid' AS line FROM pg_index i
       JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ${inSchema} AND NOT (i.indisvalid AND i.indisready)
     UNION ALL
     SELECT 'constraint ' || c.conname || ' is not validated' FROM pg_constraint c
       JOIN pg_namespace n ON n.oid = c.connamespace WHERE ${inSchema} AND NOT c.convalidated
     UNION ALL
     SELECT checksum_failures || ' pages of the database failed their checksum' FROM pg_stat_database
       WHERE datname = current_database() AND checksum_failures > 0`,
  );
  problems.push(...broken.map(({ line }) => String(line)));
  problems.push(...(await readTables(session, inSchema)));
  problems.push(...(await checkIndexes(session, inSchema)));
  const some = problems.slice(0, PROBLEMS_MAX);
  return { ok: some.length === 0, problems: some };
}

/** Reads every column of every row, what is stored outside the row too. */
async function readTables(session: Session, inSchema: string): Promise<string[]> {
  const tables = await session.script(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${inSchema} AND c.relkind = 'r'`,
  );
  const problems: string[] = [];
  for (const { schema, name } of tables) {
    const table = `${quoted(String(schema))}.${quoted(String(name))}`;
    const read = session.script(`SELECT sum(length(t::text)) AS read FROM ${table} t`);
    const failed = await read.then(() => undefined, String);
    if (failed !== undefined) problems.push(`table ${String(name)}: ${failed}`);
  }
  return problems;
}

/** https://www.postgresql.org/docs/15/amcheck.html */
async function checkIndexes(session: Session, inSchema: string): Promise<string[]> {
  const [found] = await session.script(
    `SELECT x.nspname AS place FROM pg_extension e JOIN pg_namespace x ON x.oid = e.extnamespace
     WHERE extname = 'amcheck'`,
  );
  if (found === undefined) return [];
  const indexes = await session.script(
    `SELECT c.oid, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_am a ON a.oid = c.relam WHERE ${inSchema} AND c.relkind = 'i' AND a.amname = 'btree'`,
  );
  const problems: string[] = [];
  for (const { oid, name } of indexes) {
    const check = `${quoted(String(found['place']))}.bt_index_check(${String(oid)}::regclass, true)`;
    const failed = await session.script(`SELECT ${check}`).then(() => undefined, String);
    if (failed !== undefined) problems.push(`index ${String(name)}: ${failed}`);
  }
  return problems;
}
