import { describe, expect, it } from 'vitest';

import { openTestStore } from '../src/testing.ts';
import { anyStore, dataFile, rejection } from './support.ts';

const FIRST = { id: 1, sql: 'create table a (n integer); insert into a values (1)' };
const SECOND = { id: 2, sql: 'insert into a values (2); insert into a values (2)' };
const FOURTH = { id: 4, sql: 'create table d (n integer)' };

describe('migrations', () => {
  it('run each once and in order, also after the store was opened again', async () => {
    const file = dataFile();
    const first = await openTestStore({ file });
    await first.migrate('m', [FIRST]);
    await first.migrate('m', [FIRST]);
    await first.close();
    const store = await anyStore({ file });
    await store.migrate('m', [FIRST, SECOND]);
    await store.migrate('m', [FIRST, SECOND]);
    expect(await store.read('select n from a order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 2 }]);
  });

  it('of two modules do not meet', async () => {
    const store = await anyStore();
    await store.migrate('m', [FIRST]);
    await store.migrate('other', [{ id: 1, sql: 'create table b (n integer)' }]);
    expect(await store.read('select count(*) as n from b')).toEqual([{ n: 0 }]);
  });

  it.each([
    ['another text', [{ ...FIRST, sql: `${FIRST.sql} ` }, FOURTH]],
    ['a list without the first', [FOURTH]],
    ['a list without the last', [FIRST]],
    ['a new one before the last', [FIRST, SECOND, FOURTH]],
  ])('refuse %s', async (_what, changed) => {
    const store = await anyStore();
    await store.migrate('m', [FIRST, FOURTH]);
    const error = await rejection(store.migrate('m', changed));
    expect(error).toMatchObject({ code: 'MIGRATION_CHANGED', details: { module: 'm' } });
    expect(await store.read('select count(*) as n from a')).toEqual([{ n: 1 }]);
  });

  it('refuse ids that do not ascend', async () => {
    const store = await anyStore();
    expect((await rejection(store.migrate('m', [SECOND, FIRST]))).code).toBe('SQL');
    expect((await rejection(store.migrate('m', [{ id: 0, sql: '' }]))).code).toBe('SQL');
  });

  it('keep nothing of the one that fails, and all of those before it', async () => {
    const store = await anyStore();
    const broken = { id: 2, sql: 'insert into a values (2); insert into nowhere values (1)' };
    const error = await rejection(store.migrate('m', [FIRST, broken]));
    expect(error).toMatchObject({ code: 'SQL', details: { module: 'm', id: 2 } });
    expect(await store.read('select n from a')).toEqual([{ n: 1 }]);
    await store.migrate('m', [FIRST, SECOND]);
  });

  it('may not end the transaction they run in', async () => {
    const store = await anyStore();
    const sneaky = { id: 1, sql: 'create table a (n integer); commit; create table b (n integer)' };
    expect((await rejection(store.migrate('m', [sneaky]))).code).toBe('SQL');
    for (const table of ['a', 'b'])
      expect((await rejection(store.read(`select * from ${table}`))).code).toBe('SQL');
  });

  it('take their place in the queue between commits', async () => {
    const store = await anyStore();
    await store.migrate('m', [FIRST]);
    const early = rejection(store.commit([{ sql: 'insert into later values (1)' }]));
    const migrated = store.migrate('m', [FIRST, { id: 2, sql: 'create table later (n integer)' }]);
    const late = store.commit([{ sql: 'insert into later values (2)' }]);
    expect((await early).code).toBe('SQL');
    await migrated;
    await late;
    expect(await store.read('select n from later')).toEqual([{ n: 2 }]);
  });
});
