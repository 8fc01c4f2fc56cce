import { describe, expect, it } from 'vitest';

import { anyStore, insertItem, itemNames, itemStore, rejection } from './support.ts';

describe('back-pressure', () => {
  it('refuses with BUSY beyond queue_max, and takes more once some are answered', async () => {
    const store = await itemStore({ queue_max: 5 });
    const settled = await Promise.allSettled(
      Array.from({ length: 8 }, (_, id) => store.commit([insertItem(id, `n${id}`)])),
    );
    expect(settled.map((each) => (each.status === 'rejected' ? each.reason.code : 'ok'))).toEqual([
      ...Array.from({ length: 5 }, () => 'ok'),
      ...Array.from({ length: 3 }, () => 'BUSY'),
    ]);
    await store.commit([insertItem(9, 'later')]);
    expect(await itemNames(store)).toHaveLength(6);
  });

  it('refuses reads in the same way', async () => {
    const store = await anyStore({ queue_max: 2 });
    const reads = [1, 2, 3].map(() => store.read('select 1 as one'));
    expect((await Promise.allSettled(reads)).map((each) => each.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
  });
});

describe('a result over its limit', () => {
  const endless = `with recursive n(i) as (select 1 union all select i + 1 from n) select i from n`;

  it('of rows is refused, also where the query would never end', async () => {
    const store = await anyStore();
    const error = await rejection(store.read(endless));
    expect(error).toMatchObject({ code: 'SQL', details: { limit: 'rows', max: 100_000 } });
    expect(await store.read(`${endless} limit 100000`)).toHaveLength(100_000);
  });

  it('of bytes is refused', async () => {
    const store = await anyStore();
    const of = (large: string) => endless.replace('select i from', `select ${large} as b from`);
    const sql = of('zeroblob(1000000)');
    const postgres = of("convert_to(repeat('x', 1000000), 'UTF8')");
    const error = await rejection(store.read({ sql, postgres: `${postgres} limit 100` }));
    expect(error.details).toMatchObject({ limit: 'bytes' });
  });

  it('undoes the batch that asked for it', async () => {
    const store = await itemStore();
    const error = await rejection(store.commit([insertItem(1, 'a'), { sql: endless }]));
    expect(error.details).toMatchObject({ limit: 'rows', index: 1 });
    expect(await itemNames(store)).toEqual([]);
  });
});

describe('a batch over its limit', () => {
  it('of statements, bytes or characters is refused before it is sent', async () => {
    const store = await anyStore();
    const many = Array.from({ length: 10_001 }, () => ({ sql: 'select 1' }));
    expect((await rejection(store.commit(many))).details).toMatchObject({ limit: 'statements' });
    const blob = new Uint8Array(33 * 1024 * 1024);
    const large = { sql: 'select length(:blob) as n', params: { blob } };
    expect((await rejection(store.commit([large, large]))).details).toMatchObject({
      limit: 'bytes',
    });
    const long = { sql: `select 1 ${' '.repeat(1_000_000)}` };
    expect((await rejection(store.commit([long]))).code).toBe('SQL');
  });
});
