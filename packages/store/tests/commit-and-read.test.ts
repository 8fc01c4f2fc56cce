import { describe, expect, it } from 'vitest';

import { anyStore, insertItem, itemNames, itemStore, rejection } from './support.ts';

describe('a commit', () => {
  it('of nothing is answered with nothing', async () => {
    const store = await anyStore();
    expect(await store.commit([])).toEqual([]);
  });

  it('is seen by a read that begins when it has resolved', async () => {
    const store = await itemStore();
    for (let id = 1; id <= 50; id += 1) {
      await store.commit([insertItem(id, `n${id}`)]);
      expect(await store.read('select max(id) as last from item')).toEqual([{ last: id }]);
    }
  });

  it('lets a select see the earlier writes of its own batch', async () => {
    const store = await itemStore();
    const results = await store.commit([
      insertItem(1, 'a'),
      { sql: 'select name from item where id = :id', params: { id: 1 }, expect: { rows: 1 } },
    ]);
    expect(results[1]?.rows).toEqual([{ name: 'a' }]);
  });

  it('answers with the rows and the changes of a statement with returning', async () => {
    const store = await itemStore();
    const [result] = await store.commit([
      {
        sql: "insert into item (name) values ('a'), ('b') returning id, name",
        expect: { changes: 2, rows: 2 },
      },
    ]);
    expect(result).toEqual({
      changes: 2,
      rows: [
        { id: 1, name: 'a' },
        { id: 2, name: 'b' },
      ],
    });
  });

  it('counts no changes for a select or a new table that follows an insert', async () => {
    const store = await itemStore();
    const results = await store.commit([
      insertItem(1, 'a'),
      { sql: 'select 1 as one' },
      { sql: 'create table other (id integer)' },
    ]);
    expect(results.map((result) => result.changes)).toEqual([1, 0, 0]);
  });

  it('keeps nothing when an expectation fails, and says which and why', async () => {
    const store = await itemStore();
    const error = await rejection(
      store.commit([
        insertItem(1, 'a'),
        {
          sql: 'update item set name = :name where id = :id',
          params: { id: 2, name: 'b' },
          expect: { changes: 1 },
          name: 'rename',
        },
      ]),
    );
    expect(error.code).toBe('CONFLICT');
    expect(error.details).toEqual({
      index: 1,
      name: 'rename',
      of: 'changes',
      expected: 1,
      actual: 0,
    });
    expect(await itemNames(store)).toEqual([]);
  });

  it('checks the number of rows that a statement returns', async () => {
    const store = await itemStore();
    const guard = { sql: 'select 1 from item', expect: { rows: 1 }, name: 'guard' };
    const error = await rejection(store.commit([guard]));
    expect(error.details).toMatchObject({ of: 'rows', expected: 1, actual: 0, name: 'guard' });
  });

  it('names the unique constraint that refused a row', async () => {
    const store = await itemStore();
    await store.commit([insertItem(1, 'a')]);
    const error = await rejection(store.commit([{ ...insertItem(2, 'a'), name: 'add' }]));
    expect(error.code).toBe('UNIQUE');
    expect(error.details).toMatchObject({ constraint: 'item.name', name: 'add', index: 0 });
  });

  it('tells foreign key, check and not-null violations as CONSTRAINT', async () => {
    const store = await anyStore();
    await store.migrate('test', [
      {
        id: 1,
        sql: `create table parent (id integer primary key);
              create table child (
                parent_id integer not null references parent, n integer check (n > 0));`,
      },
    ]);
    for (const values of ['(7, 1)', '(null, 1)', '(1, 0)']) {
      const sql = `insert into child values ${values}`;
      const error = await rejection(
        store.commit([{ sql: 'insert into parent values (1) on conflict do nothing' }, { sql }]),
      );
      expect(error.code, values).toBe('CONSTRAINT');
    }
  });

  it('stores what was given at the call, whatever the caller changes after it', async () => {
    const store = await itemStore();
    const body = new Uint8Array([1, 2, 3]);
    const params = { id: 1, body };
    const committed = store.commit([
      { sql: 'insert into item (id, body) values (:id, :body)', params },
    ]);
    body.fill(9);
    params.id = 2;
    await committed;
    expect(await store.read('select id, body from item')).toEqual([
      { id: 1, body: new Uint8Array([1, 2, 3]) },
    ]);
  });
});

describe('values', () => {
  it('come back as they went in', async () => {
    const store = await itemStore();
    const row = { id: 1, name: 'ä\u0001😀', body: new Uint8Array([0, 255]), size: 1.5 };
    await store.commit([
      {
        sql: 'insert into item values (:id, :name, :amount, :body, :size)',
        params: { ...row, amount: 2n ** 62n },
      },
    ]);
    expect(await store.read('select * from item')).toEqual([{ ...row, amount_minor: 2n ** 62n }]);
  });

  it('are bigint only where the column name ends in _minor', async () => {
    const store = await anyStore();
    const sql = 'select 1 as a, 1 as a_minor, null as b_minor, 0.5 as c_minor';
    expect(await store.read(sql)).toEqual([{ a: 1, a_minor: 1n, b_minor: null, c_minor: 0.5 }]);
  });

  it('reach SQL as integers when they are whole numbers', async () => {
    const store = await anyStore();
    expect(await store.read('select :n / 2 as half', { n: 5 })).toEqual([{ half: 2 }]);
  });

  it('are refused where they would not be exact', async () => {
    const store = await itemStore();
    const code = async (call: Promise<unknown>) => (await rejection(call)).code;
    expect(await code(store.read('select 9007199254740992 as n'))).toBe('UNSAFE_INTEGER');
    expect(await code(store.read('select :n as n', { n: 2 ** 53 }))).toBe('UNSAFE_INTEGER');
    expect(await code(store.read('select :n as n', { n: 2n ** 63n }))).toBe('UNSAFE_INTEGER');
    expect(await code(store.read('select :n as n', { n: Number.NaN }))).toBe('SQL');
    const returning = {
      sql: 'insert into item (id) values (:id) returning id',
      params: { id: 2n ** 60n },
    };
    expect(await code(store.commit([returning]))).toBe('UNSAFE_INTEGER');
    expect(await store.read('select count(*) as n from item')).toEqual([{ n: 0 }]);
  });

  it('of a view on a large buffer travel without the buffer', async () => {
    const store = await anyStore();
    const view = new Uint8Array(new ArrayBuffer(8), 2, 3).fill(7);
    expect(await store.read('select :v as v', { v: view })).toEqual([
      { v: new Uint8Array([7, 7, 7]) },
    ]);
  });
});

describe('a statement', () => {
  it.each([
    ['begin', 'transaction control'],
    ['rollback', 'transaction control'],
    ['release batch', 'transaction control'],
    ["attach ':memory:' as other", 'ATTACH'],
    ['pragma foreign_keys = off', 'PRAGMA'],
    ["vacuum into '/nowhere/copy'", ''],
    ['select 1; delete from item', 'one statement at a time'],
    ['select ?', 'named parameters'],
    ['select $a', 'named parameters'],
    ['select :a', 'no value for parameter :a'],
    ['selct 1', 'syntax error'],
    ['', ''],
  ])('%j is refused as SQL', async (sql, why) => {
    const store = await itemStore();
    for (const call of [() => store.commit([{ sql }]), () => store.read(sql)]) {
      const error = await rejection(call());
      expect(error.code).toBe('SQL');
      expect(error.message).toContain(why);
    }
    await store.commit([insertItem(1, 'still works')]);
  });

  it('takes exactly the parameters that it names', async () => {
    const store = await anyStore();
    const error = await rejection(store.read('select :a as a', { a: 1, b: 2 }));
    expect(error.message).toContain('no parameter :b');
    const sql = `select ':x' as ":y", :a /* :z */ as a -- :w`;
    expect(await store.read(sql, { a: 1 })).toEqual([{ ':y': ':x', a: 1 }]);
  });

  it('may write through commit only', async () => {
    const store = await itemStore();
    const error = await rejection(store.read('delete from item'));
    expect(error.code).toBe('SQL');
  });

  it('follows the schema when a column is added after it was prepared', async () => {
    const store = await itemStore();
    await store.commit([insertItem(1, 'a')]);
    await store.read('select * from item');
    await store.migrate('test-more', [
      { id: 1, sql: "alter table item add column tag text default 't'" },
    ]);
    expect((await store.read('select * from item'))[0]).toMatchObject({ tag: 't' });
  });
});
