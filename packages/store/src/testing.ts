/**
 * Stores for tests: the same test runs on a file of its own, or, where `Q_TEST_STORE` says
 * `postgres`, in a schema of its own on the server at `Q_TEST_POSTGRES`.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';

import { openStore } from './store.ts';
import type { Store, StoreOptions } from './types.ts';

const DEFAULT_URL = 'postgres://postgres@127.0.0.1:5432/postgres';

/** Whether tests run on PostgreSQL. */
export const isOnPostgres = (): boolean => process.env['Q_TEST_STORE'] === 'postgres';

/** The server for tests. */
export const testServerUrl = (): string => process.env['Q_TEST_POSTGRES'] ?? DEFAULT_URL;

const schemaOf = (place: string): string =>
  `t_${createHash('sha256').update(place).digest('hex').slice(0, 24)}`;

/** The address of the schema that stands for a place, which is any text: the path of a file, say. */
export function testStoreUrl(place: string): string {
  const url = new URL(testServerUrl());
  url.searchParams.set('schema', schemaOf(place));
  return url.href;
}

/** The store at a place: the file of that name, or its schema. */
export async function openTestStore(options: StoreOptions): Promise<Store> {
  if (!isOnPostgres()) return openStore(options);
  const { file, test_page_count_max: _, ...rest } = options;
  const { openPostgresStore } = await import('./postgres/store.ts');
  return openPostgresStore({ readers: 2, ...rest, url: testStoreUrl(file) });
}

/** What a node in a data folder is opened with, so that its rows are where tests run. */
export const testStore = (dataFolder: string): { readonly store?: string } =>
  isOnPostgres() ? { store: testStoreUrl(dataFolder) } : {};

/** Removes what a place holds on the server; a file goes with its folder. */
export async function dropTestStore(place: string): Promise<void> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: testServerUrl() });
  await client.connect();
  try {
    await client.query(
      `SET client_min_messages = warning; DROP SCHEMA IF EXISTS ${schemaOf(place)} CASCADE`,
    );
  } finally {
    await client.end();
  }
}

/** Copies what a place holds on the server to another, as a folder is copied. */
export async function copyTestStore(from: string, to: string): Promise<void> {
  const names = { FROM: schemaOf(from), TO: schemaOf(to), URL: testServerUrl() };
  const script =
    'set -e; pg_dump --no-owner -n "$FROM" "$URL" | sed "s/$FROM/$TO/g" | psql -qX -v ON_ERROR_STOP=1 "$URL" >/dev/null';
  await promisify(execFile)('bash', ['-o', 'pipefail', '-c', script], {
    env: { ...process.env, ...names },
  });
}

/** Whether the server for tests can be reached; tests that need it skip themselves where it cannot. */
export async function canReachPostgres(): Promise<boolean> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: testServerUrl(), connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
