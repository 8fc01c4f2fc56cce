import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { openStore } from '../src/index.ts';
import { Thread } from '../src/thread.ts';
import { anyStore, dataFile, insertItem, itemNames, itemStore, rejection } from './support.ts';

describe('a data file', () => {
  it('belongs to one store at a time, by whatever name it is opened', async () => {
    const file = dataFile();
    const first = await openStore({ file });
    expect((await rejection(openStore({ file }))).code).toBe('LOCKED');
    symlinkSync(file, `${file}.link`);
    const error = await rejection(openStore({ file: `${file}.link` }));
    expect(error.code).toBe('LOCKED');
    expect(error.message).toContain(file);
    await first.commit([{ sql: 'create table a (n integer)' }]);
    await first.close();
    const next = await anyStore({ file });
    expect(await next.read('select * from a')).toEqual([]);
  });

  it('is still locked after another store failed to open it', async () => {
    const file = dataFile();
    await anyStore({ file });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await rejection(openStore({ file }))).code).toBe('LOCKED');
    }
  });

  it('that is no database is CORRUPT, and is left as it was and unlocked', async () => {
    const file = dataFile();
    writeFileSync(file, 'these are not the bytes of a database, '.repeat(200));
    expect((await rejection(openStore({ file }))).code).toBe('CORRUPT');
    expect((await rejection(openStore({ file }))).code).toBe('CORRUPT');
  });

  it('in a folder that is not there is FAILED; without a file it is SQL', async () => {
    expect((await rejection(openStore({ file: `${dataFile()}/no/data.db` }))).code).toBe('FAILED');
    expect((await rejection(openStore({ file: ':memory:' }))).code).toBe('SQL');
    const dangling = dataFile();
    symlinkSync(`${dangling}.nowhere`, dangling);
    expect((await rejection(openStore({ file: dangling }))).code).toBe('FAILED');
  });

  it.skipIf(process.platform === 'win32')('is for its owner only', async () => {
    const file = dataFile();
    const store = await anyStore({ file });
    await store.commit([{ sql: 'create table a (n integer)' }]);
    for (const path of [file, `${file}-wal`]) expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('that a foreign connection holds is BUSY, and works when it lets go', async () => {
    const file = dataFile();
    const store = await itemStore({ file, busy_timeout_ms: 20 });
    const foreign = new DatabaseSync(file);
    foreign.exec('begin immediate');
    expect((await rejection(store.commit([insertItem(1, 'a')]))).code).toBe('BUSY');
    foreign.exec('rollback');
    foreign.close();
    await store.commit([insertItem(1, 'a')]);
    expect(await itemNames(store)).toEqual(['a']);
  });
});

describe('check', () => {
  it('finds a row without its parent', async () => {
    const file = dataFile();
    const store = await openStore({ file });
    await store.migrate('test', [
      {
        id: 1,
        sql: `create table parent (id integer primary key);
              create table child (parent integer references parent);`,
      },
    ]);
    expect(await store.check()).toEqual({ ok: true, problems: [] });
    await store.close();
    const foreign = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    foreign.exec('insert into child values (5)');
    foreign.close();
    const again = await anyStore({ file });
    const { ok, problems } = await again.check();
    expect(ok).toBe(false);
    expect(problems).toEqual(['child row 1: no such row of parent']);
  });
});

describe('close', () => {
  it('answers what was waiting, and refuses what comes later', async () => {
    const file = dataFile();
    const store = await itemStore({ file });
    const commits = Array.from({ length: 20 }, (_, id) => store.commit([insertItem(id, `n${id}`)]));
    const read = store.read('select count(*) as n from item');
    const closed = store.close();
    const late = rejection(store.commit([insertItem(99, 'late')]));
    await Promise.all(commits);
    await read;
    await closed;
    expect((await late).code).toBe('CLOSED');
    expect((await rejection(store.read('select 1'))).code).toBe('CLOSED');
    expect((await rejection(store.migrate('m', []))).code).toBe('CLOSED');
    expect((await rejection(store.check())).code).toBe('CLOSED');
    await store.close();
    // All in the one file: the log was checkpointed and is gone.
    expect(() => statSync(`${file}-wal`)).toThrow('ENOENT');
    const again = await anyStore({ file });
    expect(await itemNames(again)).toHaveLength(20);
  });
});

describe('readers', () => {
  it('answer beside a writer that is busy, and beside each other', async () => {
    const store = await itemStore({ readers: 3 });
    const slow = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000000)
                  select sum(i) as s from n`;
    const order: string[] = [];
    const busy = store.commit([{ sql: slow }]).then(() => order.push('commit'));
    const reads = [1, 2, 3].map((n) =>
      store.read('select :n as n', { n }).then(() => order.push('read')),
    );
    await Promise.all([busy, ...reads]);
    expect(order).toEqual(['read', 'read', 'read', 'commit']);
    expect(store.stats().reads).toBe(3);
  });
});

describe('a query that does not end in time', () => {
  it('is refused with what waits behind it, and a new reader takes over', async () => {
    const store = await itemStore({ read_timeout_ms: 100 });
    await store.commit([insertItem(1, 'a')]);
    const endless = `with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000000)
                     select sum(i) as s from n`;
    const calls = [rejection(store.read(endless)), rejection(store.read('select 1 as one'))];
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'FAILED', details: { limit: 'read_timeout_ms' } });
    }
    expect(await itemNames(store)).toEqual(['a']);
    await store.commit([insertItem(2, 'b')]);
    expect(await itemNames(store)).toEqual(['a', 'b']);
  });
});

describe('a thread that dies', () => {
  it('rejects every call that waits, and every later one', async () => {
    const entry = new URL('./fixtures/dying-worker.ts', import.meta.url);
    const options = { file: '', busy_timeout_ms: 0, group_max: 1, page_count_max: null };
    const thread = await Thread.start(entry, 'dying', options);
    const waiting = [thread.call('commit', []), thread.call('commit', [])];
    for (const call of waiting) {
      const error = await rejection(call);
      expect(error).toMatchObject({ code: 'FAILED', details: { outcome: 'unknown' } });
      expect(error.message).toContain('the disk fell out');
    }
    expect(thread.depth).toBe(0);
    expect((await rejection(thread.call('commit', []))).code).toBe('FAILED');
    await thread.close();
  });
});
