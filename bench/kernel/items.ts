import { command, contract, query, t } from '@anarq/common-schemas';
import { createTable, defineModule, handler, table, text } from '@anarq/kernel';

const Item = t.named(
  'BenchItem',
  t.object({
    itemId: t.id(),
    title: t.string({ maxLength: 200 }),
    note: t.string({ maxLength: 400 }),
  }),
);

/** Looked at in every call, and out of reach of the fastest machine. */
const limits = { perMinute: 600_000 };

/** The least that a module can be: one row read by its id, one row written. */
export const items = contract({
  name: 'bench',
  version: '1.0.0',
  title: 'Benchmark',
  purpose: 'Rows that a benchmark reads and writes.',
  operations: {
    read: query({
      summary: 'Read an item.',
      http: 'GET /items/{itemId}',
      resource: 'item/{itemId}',
      scope: 'bench/read',
      limits,
      input: t.object({ itemId: t.id() }),
      output: Item,
    }),
    add: command({
      summary: 'Add an item.',
      http: 'POST /items',
      scope: 'bench/add',
      limits,
      input: t.object({
        title: t.string({ minLength: 1, maxLength: 200 }),
        note: t.string({ maxLength: 400 }),
      }),
      output: Item,
    }),
  },
});

export const itemTable = table('bench_item', { resource: 'item' }, { title: text(), note: text() });

export const itemMigrations = [{ id: 1, sql: createTable(itemTable) }];

export default defineModule(items, {
  migrations: itemMigrations,
  handlers: {
    read: handler(items.read, async ({ itemId }, ctx) => {
      const { title, note } = await ctx.rows(itemTable).require(itemId);
      return { itemId, title, note };
    }),
    add: handler(items.add, ({ title, note }, ctx) => {
      const itemId = ctx.id('item');
      ctx.rows(itemTable).insert({ id: itemId, title, note });
      return { itemId, title, note };
    }),
  },
});

export const itemIdOf = (n: number): string => `item_${n.toString(16).padStart(32, '0')}`;
export const TITLE = 'Harvest of the second field';
export const NOTE =
  'Weighed on the evening of the third day, moisture below fourteen percent. '.repeat(3);
