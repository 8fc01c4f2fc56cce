import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';

import type { Store } from '../src/index.ts';
import { openPostgresStore, type PostgresStoreOptions } from '../src/postgres/store.ts';
import { canReachPostgres, testServerUrl, testStoreUrl } from '../src/testing.ts';
import { dataFile, insertItem, itemNames, rejection } from './support.ts';

/** What only the store on PostgreSQL has; what both have is in postgres-contract.services.test.ts. */
process.env['Q_TEST_STORE'] = 'postgres';

const SHARED_WRITER = fileURLToPath(new URL('./fixtures/shared-writer.ts', import.meta.url));
const ITEM = {
  id: 1,
  sql: 'create table item (id integer primary key, name text unique, amount_minor integer)',
};
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function open(options: Partial<PostgresStoreOptions> = {}): Promise<Store> {
  const store = await openPostgresStore({ url: testStoreUrl(dataFile()), ...options });
  undo.push(() => store.close());
  return store;
}

/** Somebody else at the same server. */
async function foreign(): Promise<Client> {
  const client = new Client({ connectionString: testServerUrl() });
  await client.connect();
  undo.push(() => client.end());
  return client;
}

const schemaOf = (url: string): string => new URL(url).searchParams.get('schema') ?? '';

/** Ends the writing connection of a schema, as an administrator or a restart would. */
async function endWriter(client: Client, url: string): Promise<void> {
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND granted AND application_name = $1`,
    [schemaOf(url)],
  );
  expect(rows).toHaveLength(1);
  for (const { pid } of rows) await client.query('SELECT pg_terminate_backend($1)', [pid]);
}

describe.skipIf(!(await canReachPostgres()))('a store on PostgreSQL', () => {
  it('owns its schema: a second one gets LOCKED, and may have it when the first is closed', async () => {
    const url = testStoreUrl(dataFile());
    const first = await openPostgresStore({ url });
    const second = openPostgresStore({ url, lock_wait_ms: 0 });
    expect((await rejection(second)).code).toBe('LOCKED');
    const asOneOfSeveral = openPostgresStore({ url, shared: true, lock_wait_ms: 0 });
    expect((await rejection(asOneOfSeveral)).code).toBe('LOCKED');
    await first.close();
    await open({ url });
  });

  it('leaves another schema of the database alone', async () => {
    const [one, two] = [await open(), await open()];
    await one.migrate('test', [ITEM]);
    expect((await rejection(two.read('select * from item'))).code).toBe('SQL');
  });

  it('goes on after its writing connection was ended while nothing was under way', async () => {
    const url = `${testStoreUrl(dataFile())}&application_name=`;
    const named = url + schemaOf(url);
    const store = await open({ url: named });
    await store.migrate('test', [ITEM]);
    await store.commit([insertItem(1, 'before')]);
    await endWriter(await foreign(), url);
    await expect
      .poll(() => store.commit([insertItem(2, 'after')]).then(() => 'ok', String))
      .toBe('ok');
    expect(await itemNames(store)).toEqual(['before', 'after']);
  });

  it('answers BUSY, and keeps nothing, where the connection goes before the commit', async () => {
    const url = `${testStoreUrl(dataFile())}&application_name=`;
    const store = await open({ url: url + schemaOf(url) });
    await store.migrate('test', [ITEM]);
    const admin = await foreign();
    const client = await foreign();
    await client.query(`BEGIN; LOCK TABLE ${schemaOf(url)}.item IN ACCESS EXCLUSIVE MODE`);
    const waiting = rejection(store.commit([insertItem(1, 'a')]));
    await expect
      .poll(async () => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1`;
        return (await admin.query(sql, [schemaOf(url)])).rowCount;
      })
      .toBe(1);
    await endWriter(admin, url);
    expect((await waiting).code).toBe('BUSY');
    await client.query('ROLLBACK');
    await store.commit([insertItem(1, 'b')]);
    expect(await itemNames(store)).toEqual(['b']);
  });

  it('is BUSY where a foreign transaction holds a row, and works when it lets go', async () => {
    const url = testStoreUrl(dataFile());
    const store = await open({ url, busy_timeout_ms: 50 });
    await store.migrate('test', [ITEM]);
    await store.commit([insertItem(1, 'a')]);
    const client = await foreign();
    await client.query(`BEGIN; UPDATE ${schemaOf(url)}.item SET name = 'theirs'`);
    const rename = { sql: "update item set name = 'ours'", expect: { changes: 1 } };
    expect((await rejection(store.commit([rename]))).code).toBe('BUSY');
    await client.query('ROLLBACK');
    await store.commit([rename]);
    expect(await itemNames(store)).toEqual(['ours']);
  });

  it('refuses a query that takes too long, and goes on', async () => {
    const store = await open({ readers: 1, read_timeout_ms: 50 });
    const endless = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000000)
                     select sum(i) as s from n`;
    expect(await rejection(store.read(endless))).toMatchObject({
      code: 'FAILED',
      details: { limit: 'read_timeout_ms' },
    });
    expect(await store.read('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it.each([
    ['select pg_sleep(1)', 'pg_sleep'],
    ["select set_config('fsync', 'off', false)", 'set_config'],
    ['set synchronous_commit = off', 'transaction control'],
    ["copy item to '/nowhere'", 'not taken here'],
    ['lock table item', 'not taken here'],
  ])('does not take %j', async (sql, why) => {
    const store = await open();
    const error = await rejection(store.commit([{ sql }]));
    expect(error.code).toBe('SQL');
    expect(error.message).toContain(why);
  });

  it('refuses a text with the character U+0000, and says so', async () => {
    const store = await open();
    await store.migrate('test', [ITEM]);
    const error = await rejection(store.commit([insertItem(1, 'a\u0000b')]));
    expect(error).toMatchObject({ code: 'SQL', details: { name: 'name' } });
    expect(error.message).toContain('U+0000');
  });

  it('sorts and compares text by its bytes, and matches as SQLite does', async () => {
    const store = await open();
    await store.migrate('test', [ITEM]);
    const names = ['b', 'B', 'a', 'ä', 'Z', 'z', '_'];
    await store.commit(names.map((name, id) => insertItem(id, name)));
    expect(await itemNames(store)).toHaveLength(7);
    const sorted = await store.read('select name from item order by name');
    expect(sorted.map(({ name }) => name)).toEqual(['B', 'Z', '_', 'a', 'b', 'z', 'ä']);
    const matches = async (pattern: string, subject: string): Promise<unknown> =>
      (await store.read('select glob(:pattern, :subject) as yes', { pattern, subject }))[0]?.[
        'yes'
      ];
    expect(await matches('a/*', 'a/b/c')).toBe(1);
    expect(await matches('A/*', 'a/b')).toBe(0);
    expect(await matches('a[*]b?', 'a*bc')).toBe(1);
    expect(await matches('a[*]b', 'axb')).toBe(0);
    expect(await matches('100%_\\', '100%_\\')).toBe(1);
    expect(await matches('100%_\\', '100xx\\')).toBe(0);
    const each = 'select value from json_each(:list) order by value';
    expect(await store.read(each, { list: '["b","a\\"c"]' })).toEqual([
      { value: 'a"c' },
      { value: 'b' },
    ]);
  });

  it('takes the text for PostgreSQL where a statement or a migration has one', async () => {
    const store = await open();
    await store.migrate('test', [
      ITEM,
      { id: 2, sql: 'nothing that PostgreSQL knows', postgres: 'create table more (n integer)' },
    ]);
    await store.commit([
      { sql: 'no more', postgres: 'insert into more values (:n)', params: { n: 7 } },
    ]);
    const found = await store.read({ sql: 'nor that', postgres: 'select n::text as n from more' });
    expect(found).toEqual([{ n: '7' }]);
  });

  it('has no write skew: a guard of one batch and the write of another do not both hold', async () => {
    const url = testStoreUrl(dataFile());
    const [store, other] = [await open({ url, shared: true }), await open({ url, shared: true })];
    await store.migrate('test', [ITEM]);
    const guarded = (reads: string, writes: number, name: string) => [
      {
        sql: 'select 1 as one from item where name = :reads',
        params: { reads },
        expect: { rows: 0 },
      },
      insertItem(writes, name),
    ];
    for (let round = 0; round < 40; round += 1) {
      await store.commit([{ sql: 'delete from item' }]);
      const settled = await Promise.allSettled([
        store.commit(guarded('on call: ben', 1, 'on call: ana')),
        (round % 2 === 0 ? store : other).commit(guarded('on call: ana', 2, 'on call: ben')),
      ]);
      expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    }
  });
});

describe.skipIf(!(await canReachPostgres()))('several writers of one schema', () => {
  it('number their rows in the order of their commits: a reader never sees a gap close later', async () => {
    const url = testStoreUrl(dataFile());
    const reader = await open({ url, shared: true });
    await reader.migrate('test', [
      {
        id: 1,
        sql: 'create table event (seq integer primary key autoincrement, id text not null)',
      },
    ]);
    const children = ['a', 'b'].map((name) =>
      spawn(process.execPath, [SHARED_WRITER, url, name, '300'], { stdio: 'inherit' }),
    );
    const ended = Promise.all(children.map((child) => once(child, 'exit')));
    let isOver = false;
    void ended.then(() => (isOver = true));
    const seen: unknown[] = [];
    let after = 0;
    for (let last = false; ; last = isOver) {
      const rows = await reader.read('select seq, id from event where seq > :after order by seq', {
        after,
      });
      seen.push(...rows.map(({ id }) => id));
      after = Number(rows.at(-1)?.['seq'] ?? after);
      if (last) break;
    }
    expect((await ended).map(([code]) => code)).toEqual([0, 0]);
    const all = await reader.read('select id from event order by seq');
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(new Set(seen).size).toBe(600);
  });
});
