import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Statement } from '../src/index.ts';
import { anyStore, insertItem, itemNames, itemStore, rejection } from './support.ts';

function codes(settled: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return settled.map((each) => (each.status === 'fulfilled' ? 'ok' : each.reason.code));
}

describe('a group of commits', () => {
  it('shares one transaction, and loses only the batch that fails', async () => {
    const store = await itemStore();
    const before = store.stats();
    const settled = await Promise.allSettled(
      Array.from({ length: 64 }, (_, id) =>
        store.commit(
          id === 40
            ? [insertItem(id, 'undone'), insertItem(1000, 'n7')] // n7 is there already
            : [insertItem(id, `n${id}`)],
        ),
      ),
    );
    expect(codes(settled).filter((code) => code !== 'ok')).toEqual(['UNIQUE']);
    expect(await itemNames(store)).toEqual(
      Array.from({ length: 64 }, (_, id) => `n${id}`).filter((name) => name !== 'n40'),
    );
    const after = store.stats();
    expect(after.batches - before.batches).toBe(1);
    expect(after).toMatchObject({ commits: 63, rejected: 1, largest_group: 64, queue_depth: 0 });
  });

  it('is never larger than group_max', async () => {
    const store = await itemStore({ group_max: 10 });
    await Promise.all(
      Array.from({ length: 35 }, (_, id) => store.commit([insertItem(id, `n${id}`)])),
    );
    expect(store.stats().largest_group).toBe(10);
    expect(store.stats().batches).toBeGreaterThanOrEqual(4);
  });

  it('keeps the order of the calls', async () => {
    const store = await itemStore();
    await store.commit([insertItem(1, '')]);
    const append = (letter: string) =>
      store.commit([{ sql: 'update item set name = name || :letter', params: { letter } }]);
    await Promise.all([...'abcdefghij'].map(append));
    expect(await itemNames(store)).toEqual(['abcdefghij']);
  });

  it('finds the one batch whose deferred foreign key fails at the commit', async () => {
    const store = await anyStore();
    await store.migrate('test', [
      {
        id: 1,
        sql: `create table parent (id integer primary key);
              create table child (parent integer references parent deferrable initially deferred)`,
      },
    ]);
    const adopt = (parent: number): Statement[] => [
      { sql: 'insert into child values (:parent)', params: { parent } },
      ...(parent === 2 ? [] : [{ sql: 'insert into parent values (:parent)', params: { parent } }]),
    ];
    const settled = await Promise.allSettled(
      [1, 2, 3].map((parent) => store.commit(adopt(parent))),
    );
    expect(codes(settled)).toEqual(['ok', 'CONSTRAINT', 'ok']);
    expect(await store.read('select parent from child order by parent')).toEqual([
      { parent: 1 },
      { parent: 3 },
    ]);
  });
});

type Op =
  | { kind: 'add'; key: number; value: number }
  | { kind: 'set'; key: number; value: number }
  | { kind: 'swap'; key: number; from: number; value: number }
  | { kind: 'drop'; key: number };

const SQL: Record<Op['kind'], string> = {
  add: 'insert into kv (key, value) values (:key, :value)',
  set: 'insert into kv (key, value) values (:key, :value) on conflict (key) do update set value = :value',
  swap: 'update kv set value = :value where key = :key and value = :from',
  drop: 'delete from kv where key = :key',
};

function toStatement({ kind, ...params }: Op): Statement {
  return { sql: SQL[kind], params, expect: { changes: 1 } };
}

/** The obvious twin: a map, copied before each batch. Answers with the code of the failure. */
function applyToModel(model: Map<number, number>, batch: readonly Op[]): string {
  const before = new Map(model);
  for (const op of batch) {
    const there = model.get(op.key);
    const failure =
      op.kind === 'add' && there !== undefined
        ? 'UNIQUE'
        : (op.kind === 'drop' && there === undefined) || (op.kind === 'swap' && there !== op.from)
          ? 'CONFLICT'
          : null;
    if (failure !== null) {
      model.clear();
      for (const [key, value] of before) model.set(key, value);
      return failure;
    }
    if (op.kind === 'drop') model.delete(op.key);
    else model.set(op.key, op.value);
  }
  return 'ok';
}

describe('any sequence of grouped batches', () => {
  it('leaves the store as a simple model of it, and answers the same', async () => {
    const store = await anyStore();
    await store.migrate('test', [
      { id: 1, sql: 'create table kv (key integer primary key, value integer)' },
    ]);
    const key = fc.integer({ min: 0, max: 4 });
    const value = fc.integer({ min: 0, max: 2 });
    const op = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), key, value }),
      fc.record({ kind: fc.constant('set' as const), key, value }),
      fc.record({ kind: fc.constant('swap' as const), key, from: value, value }),
      fc.record({ kind: fc.constant('drop' as const), key }),
    );
    const group = fc.array(fc.array(op, { maxLength: 4 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 4 }), async (groups) => {
        await store.commit([{ sql: 'delete from kv' }]);
        const model = new Map<number, number>();
        for (const batches of groups) {
          const settled = await Promise.allSettled(
            batches.map((batch) => store.commit(batch.map(toStatement))),
          );
          expect(codes(settled)).toEqual(batches.map((batch) => applyToModel(model, batch)));
        }
        const rows = await store.read('select key, value from kv order by key');
        expect(rows.map((row) => [row['key'], row['value']])).toEqual(
          [...model].toSorted(([a], [b]) => a - b),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe('a batch that fails', () => {
  it('does not disturb the next one that uses the same prepared statement', async () => {
    const store = await itemStore();
    await store.commit([insertItem(1, 'a')]);
    await rejection(store.commit([insertItem(1, 'a')]));
    await store.commit([insertItem(2, 'b')]);
    expect(await itemNames(store)).toEqual(['a', 'b']);
  });
});
