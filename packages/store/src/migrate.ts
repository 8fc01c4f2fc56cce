/** Schema changes, each once. */

import type { DatabaseSync } from 'node:sqlite';

import { StoreError, toStoreError } from './errors.ts';
import { digestHexOf, pendingMigrations } from './migrationList.ts';
import { foreignKeyProblems } from './integrity.ts';
import type { Statements } from './statements.ts';
import type { Migration } from './types.ts';

const RECORD = `
  create table if not exists _store_migrations (
    module text not null,
    id integer not null,
    sha256 text not null,
    primary key (module, id)
  ) strict, without rowid`;

/**
 * Applies what is not recorded yet, in order of id.
 * @throws StoreError `MIGRATION_CHANGED`, or what a migration's SQL threw; the migrations before
 * that one stay, the rest is not applied.
 */
export function migrate(
  db: DatabaseSync,
  statements: Statements,
  module: string,
  migrations: readonly Migration[],
): void {
  statements.trusted(() => db.exec(RECORD));
  const recorded = new Map(
    db
      .prepare('select id, sha256 from _store_migrations where module = :module')
      .all({ module })
      .map((row) => [Number(row['id']), String(row['sha256'])]),
  );
  for (const migration of pendingMigrations(module, migrations, recorded)) {
    apply(db, statements, module, migration);
  }
}

function apply(
  db: DatabaseSync,
  statements: Statements,
  module: string,
  migration: Migration,
): void {
  // A table is rebuilt by copying, dropping and renaming, which enforced foreign keys would turn
  // into deletions. The pragma has no effect inside a transaction.
  const control = (sql: string): void => statements.trusted(() => db.exec(sql));
  control('pragma foreign_keys = off');
  try {
    control('begin immediate');
    db.exec(migration.sql);
    const [orphan] = statements.trusted(() => foreignKeyProblems(db, 1));
    if (orphan !== undefined) throw new StoreError('CONSTRAINT', orphan);
    record(db, module, migration);
    control('commit');
  } catch (thrown) {
    if (db.isTransaction) control('rollback');
    throw toStoreError(thrown, { module, id: migration.id });
  } finally {
    control('pragma foreign_keys = on');
  }
}

function record(db: DatabaseSync, module: string, { id, sql }: Migration): void {
  const insert = db.prepare(
    'insert into _store_migrations (module, id, sha256) values (:module, :id, :sha256)',
  );
  // run() reports the last rowid of the migration's own inserts, which a number may not hold.
  insert.setReadBigInts(true);
  insert.run({ module, id: BigInt(id), sha256: digestHexOf(sql) });
}
