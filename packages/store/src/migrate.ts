/** Schema changes, each once. */

import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

import { StoreError, toStoreError } from './errors.ts';
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
  for (const migration of pending(module, migrations, recorded)) {
    apply(db, statements, module, migration);
  }
}

/** The migrations still to apply, once the recorded ones were found to be the given ones. */
function pending(
  module: string,
  migrations: readonly Migration[],
  recorded: ReadonlyMap<number, string>,
): readonly Migration[] {
  const last = Math.max(0, ...recorded.keys());
  const given = new Set<number>();
  let before = 0;
  for (const { id, sql } of migrations) {
    if (!Number.isSafeInteger(id) || id <= before) {
      const message = `${module}: migration ids are positive and ascend; ${id} came after ${before}`;
      throw new StoreError('SQL', message, { module, id });
    }
    before = id;
    given.add(id);
    const digest = recorded.get(id);
    if (digest === undefined && id < last) {
      throw changed(module, id, `comes before ${last}, which was applied already`);
    }
    if (digest !== undefined && digest !== digestHexOf(sql)) {
      throw changed(module, id, 'was applied with another text');
    }
  }
  for (const id of recorded.keys()) {
    if (!given.has(id))
      throw changed(module, id, 'was applied to this file, and is not in the list');
  }
  return migrations.filter(({ id }) => !recorded.has(id));
}

function changed(module: string, id: number, what: string): StoreError {
  return new StoreError('MIGRATION_CHANGED', `${module}: migration ${id} ${what}`, { module, id });
}

function digestHexOf(sql: string): string {
  return createHash('sha256').update(sql, 'utf8').digest('hex');
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
