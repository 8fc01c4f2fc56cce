/** Which migrations are still to be applied, once the recorded ones were found to be the given ones. */

import { createHash } from 'node:crypto';

import { StoreError } from './errors.ts';
import type { Migration } from './types.ts';

/**
 * The migrations still to apply.
 * @throws StoreError `MIGRATION_CHANGED`, or `SQL` where ids do not ascend.
 */
export function pendingMigrations(
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
      throw changed(module, id, 'was applied to this store, and is not in the list');
  }
  return migrations.filter(({ id }) => !recorded.has(id));
}

function changed(module: string, id: number, what: string): StoreError {
  return new StoreError('MIGRATION_CHANGED', `${module}: migration ${id} ${what}`, { module, id });
}

/** How the text of a migration is remembered. */
export function digestHexOf(sql: string): string {
  return createHash('sha256').update(sql, 'utf8').digest('hex');
}
