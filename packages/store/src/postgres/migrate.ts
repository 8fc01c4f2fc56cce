/** Schema changes on PostgreSQL, each once, each in a transaction of its own. */

import type { Migration } from '../types.ts';
import { digestHexOf, pendingMigrations } from '../migrationList.ts';
import { translateSchema } from './dialect.ts';
import { fromPostgres } from './errors.ts';
import type { Session } from './session.ts';

const RECORD = `CREATE TABLE IF NOT EXISTS _store_migrations (
  module text COLLATE "C" NOT NULL, id bigint NOT NULL, sha256 text NOT NULL,
  PRIMARY KEY (module, id)
)`;

/**
 * Applies what is not recorded yet, in order of id; `turn` is what a transaction begins with.
 * @throws StoreError `MIGRATION_CHANGED`, or what a migration's SQL threw; the migrations before
 * that one stay, the rest is not applied.
 */
export async function migrate(
  session: Session,
  module: string,
  migrations: readonly Migration[],
  turn: string,
): Promise<void> {
  await session.script(`BEGIN; ${turn}; ${RECORD}; COMMIT`);
  const rows = await session.script(
    `SELECT id, sha256 FROM _store_migrations WHERE module = ${literal(module)}`,
  );
  const recorded = new Map(rows.map((row) => [Number(row['id']), String(row['sha256'])]));
  for (const migration of pendingMigrations(module, migrations, recorded)) {
    await apply(session, module, migration, turn);
  }
  session.forget();
}

async function apply(
  session: Session,
  module: string,
  { id, sql }: Migration,
  turn: string,
): Promise<void> {
  try {
    await session.script(`BEGIN; ${turn}`);
    // A migration that ends the transaction it runs in leaves no place to return to.
    await session.script('SAVEPOINT migration');
    await session.script(translateSchema(sql));
    await session.script('RELEASE SAVEPOINT migration');
    await session.script(
      `INSERT INTO _store_migrations (module, id, sha256)
       VALUES (${literal(module)}, ${id}, '${digestHexOf(sql)}')`,
    );
    await session.script('COMMIT');
  } catch (thrown) {
    if (session.lost === undefined) await session.script('ROLLBACK');
    throw fromPostgres(thrown, { module, id });
  }
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
