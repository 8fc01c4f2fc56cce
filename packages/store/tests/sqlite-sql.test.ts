import { describe, expect, it } from 'vitest';

import { anyStore, insertItem, itemNames, itemStore, rejection } from './support.ts';

describe('a store on SQLite', () => {
  it('keeps a search index in the same transaction', async () => {
    const store = await anyStore();
    await store.migrate('test', [{ id: 1, sql: 'create virtual table doc using fts5(text)' }]);
    const add = (text: string) => ({ sql: 'insert into doc values (:text)', params: { text } });
    await Promise.allSettled([
      store.commit([add('a quiet harbour')]),
      store.commit([add('a loud harbour'), { sql: 'select 1', expect: { rows: 2 } }]),
    ]);
    expect(await store.read("select text from doc where doc match 'harbour'")).toEqual([
      { text: 'a quiet harbour' },
    ]);
  });

  it('has parameters that reach SQL as integers when they are whole numbers', async () => {
    const store = await anyStore();
    expect(await store.read('select typeof(:n) as t, :n / 2 as half', { n: 5 })).toEqual([
      { t: 'integer', half: 2 },
    ]);
  });

  it('survives a batch that ends the whole transaction', async () => {
    const store = await itemStore();
    const settled = await Promise.allSettled([
      store.commit([insertItem(1, 'a')]),
      store.commit([{ sql: 'insert or rollback into item (id) values (1)' }]),
      store.commit([insertItem(2, 'b')]),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await itemNames(store)).toEqual(['a', 'b']);
  });

  it('may rebuild a table that others point to, and may not leave orphans', async () => {
    const store = await anyStore();
    const make = {
      id: 1,
      sql: `create table parent (id integer primary key);
            create table child (parent integer references parent on delete cascade);
            insert into parent values (1); insert into child values (1);`,
    };
    const rebuild = {
      id: 2,
      sql: `create table parent_new (id integer primary key, note text);
            insert into parent_new (id) select id from parent;
            drop table parent;
            alter table parent_new rename to parent;`,
    };
    await store.migrate('m', [make, rebuild]);
    expect(await store.read('select parent from child')).toEqual([{ parent: 1 }]);

    const orphan = { id: 3, sql: 'delete from parent' };
    const error = await rejection(store.migrate('m', [make, rebuild, orphan]));
    expect(error).toMatchObject({ code: 'CONSTRAINT', details: { id: 3 } });
    const afterwards = store.commit([{ sql: 'insert into child values (9)' }]);
    expect((await rejection(afterwards)).code).toBe('CONSTRAINT');
  });

  it('keeps a text with the character U+0000', async () => {
    const store = await itemStore();
    const params = { id: 1, name: 'a\u0000b' };
    await store.commit([{ sql: 'insert into item (id, name) values (:id, :name)', params }]);
    expect(await itemNames(store)).toEqual(['a\u0000b']);
  });
});
