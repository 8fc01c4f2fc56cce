/** The files of a new module: it keeps items, each its owner's, and says when one was added. */
export function moduleFiles(name: string): ReadonlyMap<string, string> {
  const Title = `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`;
  return new Map([
    ['package.json', packageOf(name)],
    ['README.md', readmeOf(name, Title)],
    ['src/contract.ts', contractOf(name, Title)],
    ['src/store.ts', storeOf(name)],
    ['src/module.ts', definitionOf(name)],
    ['src/handlers/add.ts', addOf(name)],
    ['src/handlers/read.ts', readOf(name)],
    [`tests/${name}.test.ts`, testOf(name)],
  ]);
}

const packageOf = (name: string): string =>
  `${JSON.stringify(
    {
      name: `@anarq/${name}`,
      version: '0.1.0',
      private: true,
      license: 'Apache-2.0',
      type: 'module',
      exports: { '.': './src/module.ts', './contract': './src/contract.ts' },
      dependencies: {
        '@anarq/common-schemas': '0.1.0',
        '@anarq/kernel': '0.1.0',
        '@anarq/store': '0.1.0',
      },
      devDependencies: { '@anarq/testing': '0.1.0' },
    },
    null,
    2,
  )}\n`;

const readmeOf = (name: string, title: string): string => `# ${title}

Keeps items, each its owner's: \`${name}.add\` adds one and \`${name}.read\` reads it.

## Rules

- An item is its owner's; anybody else needs a grant for \`/${name}/read\` on \`${name}/<id>\`.
- A retry under the same idempotency key adds nothing twice.

## What the node can read

The text is sealed before it reaches the store. Whoever holds the root key of the node can open it.
`;

const contractOf = (name: string, title: string): string =>
  `import { command, contract, event, query, t } from '@anarq/common-schemas';

export const Item = t.named(
  '${title}Item',
  t.object({ itemId: t.id(), text: t.string({ minLength: 1, maxLength: 1_000 }) }),
);

export const ${name} = contract({
  name: '${name}',
  version: '1.0.0',
  title: '${title}',
  purpose: 'Keeps items, each its owner’s.',
  operations: {
    add: command({
      summary: 'Add an item.',
      http: 'POST /items',
      mcp: { tool: '${name}.add', destructive: false },
      scope: '${name}/add',
      input: t.object({ text: t.string({ minLength: 1, maxLength: 1_000 }) }),
      output: Item,
      emits: ['q.${name}.added.v1'],
      examples: [{ summary: 'The first', input: { text: 'something to keep' } }],
    }),
    read: query({
      summary: 'Read an item.',
      http: 'GET /items/{itemId}',
      resource: '${name}/{itemId}',
      scope: '${name}/read',
      input: t.object({ itemId: t.id() }),
      output: Item,
      examples: [{ summary: 'By its id', input: { itemId: '${name}_1' } }],
    }),
  },
  events: {
    'q.${name}.added.v1': event({
      summary: 'An item was added.',
      subject: 'itemId',
      schema: t.object({ itemId: t.id() }),
    }),
  },
});
`;

const storeOf = (name: string): string =>
  `import { createTable, sealed, table, text } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

export const items = table('${name}_item', { resource: '${name}' }, { text: sealed(text()) });

export const migrations: readonly Migration[] = [{ id: 1, sql: createTable(items) }];
`;

const definitionOf = (name: string): string => `import { defineModule } from '@anarq/kernel';
import { ${name} } from './contract.ts';
import { add } from './handlers/add.ts';
import { read } from './handlers/read.ts';
import { items, migrations } from './store.ts';

export default defineModule(${name}, { migrations, tables: [items], handlers: { add, read } });
`;

const addOf = (name: string): string => `import { handler } from '@anarq/kernel';
import { ${name} } from '../contract.ts';
import { items } from '../store.ts';

export const add = handler(${name}.add, (input, ctx) => {
  const itemId = ctx.id('${name}');
  ctx.rows(items).insert({ id: itemId, text: input.text });
  ctx.emit('q.${name}.added.v1', { itemId });
  return { itemId, text: input.text };
});
`;

const readOf = (name: string): string => `import { handler } from '@anarq/kernel';
import { ${name} } from '../contract.ts';
import { items } from '../store.ts';

export const read = handler(${name}.read, async (input, ctx) => {
  const row = await ctx.rows(items).require(input.itemId);
  return { itemId: row.id, text: row.text };
});
`;

const testOf = (name: string): string =>
  `import { startTestNode, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ${name} } from '../src/contract.ts';
import ${name}Module from '../src/module.ts';

describe('an item', () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startTestNode({ modules: [], extra: [${name}Module] });
  });
  afterAll(() => node.close());

  it('is added once, however often the call is repeated', async () => {
    const ana = await node.person('ana');
    const input = { text: 'something to keep' };
    const first = await ana.call(${name}.add, input, { idempotencyKey: 'once' });
    expect(await ana.call(${name}.add, input, { idempotencyKey: 'once' })).toEqual(first);
    expect(await ana.call(${name}.read, { itemId: first.itemId })).toEqual(first);
  });

  it('is its owner’s alone', async () => {
    const ana = await node.person('ana alone');
    const ben = await node.person('ben');
    const { itemId } = await ana.call(${name}.add, { text: 'mine' });
    expect(await ben.result(${name}.read, { itemId })).toMatchObject({ code: 'QONSENT_DENIED' });
  });
});
`;
