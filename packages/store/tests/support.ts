/** What the tests of the store share. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

import { StoreError } from '../src/index.ts';
import type { Store, StoreOptions } from '../src/index.ts';
import { dropTestStore, isOnPostgres, openTestStore } from '../src/testing.ts';

const undo: (() => unknown)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** A place for a store, which goes when the test ends: the path of a file. */
export function dataFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const file = join(folder, 'data.db');
  undo.push(() => rmSync(folder, { recursive: true, force: true }));
  if (isOnPostgres()) undo.push(() => dropTestStore(file));
  return file;
}

/** A store that closes when the test ends. */
export async function anyStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openTestStore({ file: dataFile(), ...options });
  undo.push(() => store.close());
  return store;
}

/** A store with the table `item (id, name unique, amount_minor, body)`. */
export async function itemStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await anyStore(options);
  await store.migrate('test', [
    {
      id: 1,
      sql: `create table item (
        id integer primary key, name text unique, amount_minor integer, body blob, size real
      ) strict`,
    },
  ]);
  return store;
}

/** The error that a call rejects with. */
export async function rejection(call: Promise<unknown>): Promise<StoreError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('the call was expected to reject');
}

/** An insert into `item` that must add one row. */
export function insertItem(
  id: number,
  name: string,
): {
  sql: string;
  params: { id: number; name: string };
  expect: { changes: number };
} {
  const sql = 'insert into item (id, name) values (:id, :name)';
  return { sql, params: { id, name }, expect: { changes: 1 } };
}

/** The names in `item`, in order of id. */
export async function itemNames(store: Store): Promise<unknown[]> {
  return (await store.read('select name from item order by id')).map((row) => row['name']);
}
