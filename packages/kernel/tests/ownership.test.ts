import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { items, lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant } from './support.ts';

let node: TestNode;
let ana: Actor;
let count = 0;
let work: NonNullable<LabHandlers['work']>;
let ask: NonNullable<LabHandlers['ask']>;
let before: ((point: string) => void) | undefined;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    probe: (point) => before?.(point),
    extra: [
      labModule({
        work: (input, ctx) => work(input, ctx),
        ask: (input, ctx) => ask(input, ctx),
      }),
    ],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  before = undefined;
  ana = await node.person(`ana ${count}`);
  work = () => ({ text: '' });
  ask = () => ({ text: '' });
  node.errors.length = 0;
});

const item = (id: string, text = id) => ({ id, text, secret: 's', amount_minor: 5n });
const textsOf = async (who = ana) => (await who.call(lab.list, {})).items.map(({ text }) => text);

describe('an owner', () => {
  it('gives a resource away with all its rights', async () => {
    const ben = await node.person(`ben ${count}`);
    const id = `gift${count}`;
    await ana.call(lab.put, { id, text: 'x' });
    await ana.call(lab.give, { id, to: ben.did });
    expect(codeOf(await ana.result(lab.get, { id }))).toBe('QONSENT_DENIED');
    expect(codeOf(await ben.result(lab.set, { id, text: 'y' }))).toBe('SUCCESS');
    expect([await textsOf(ana), await textsOf(ben)]).toEqual([[], ['y']]);
  });

  it('who gave it away meanwhile changes nothing more', async () => {
    const ben = await node.person(`ben ${count}`);
    const id = `gift${count}`;
    await ana.call(lab.put, { id, text: 'x' });
    const sets = Array.from({ length: 10 }, (_, i) =>
      ana.result(lab.set, { id, text: `ana ${i}` }),
    );
    // Among so many changes of one row it may lose five times, and is then told to try again.
    let given = await ana.result(lab.give, { id, to: ben.did });
    while (given.code === 'SERVICE_UNAVAILABLE')
      given = await ana.result(lab.give, { id, to: ben.did });
    expect(given.status).toBe('ok');
    const after = await ben.call(lab.get, { id });
    await Promise.all(sets);
    expect((await ben.call(lab.get, { id })).text).toBe(after.text);
  });

  it('who loses it between the verdict and the commit changes nothing', async () => {
    const ben = await node.person(`ben ${count}`);
    const id = `lost${count}`;
    await ana.call(lab.put, { id, text: 'x' });
    before = (point) => {
      if (point !== 'before-commit lab.set') return;
      before = undefined;
      void node.store.commit([
        {
          sql: 'UPDATE kernel_resource SET owner = :owner WHERE resource = :resource',
          params: { owner: ben.did, resource: `lab/item/${id}` },
        },
      ]);
    };
    expect(codeOf(await ana.result(lab.set, { id, text: 'y' }))).toBe('QONSENT_DENIED');
    expect((await ben.call(lab.get, { id })).text).toBe('x');
  });

  it('who was given a removed resource’s name owns a new one', async () => {
    const ben = await node.person(`ben ${count}`);
    const id = `name${count}`;
    await ana.call(lab.put, { id, text: 'x' });
    await ana.call(lab.del, { id });
    expect(codeOf(await ben.result(lab.get, { id }))).toBe('QINDEX_NOT_FOUND');
    await ben.call(lab.put, { id, text: 'y' });
    expect(codeOf(await ana.result(lab.get, { id }))).toBe('QONSENT_DENIED');
  });
});

describe('a tenant', () => {
  it('is closed to rows, lists and SQL of another', async () => {
    const far = await node.person(`far ${count}`, 'elsewhere');
    const id = `near${count}`;
    await ana.call(lab.put, { id, text: 'near' });
    ask = async (_, ctx) => {
      const byId = await ctx.rows(items).get(id);
      const all = await ctx.rows(items).list({ of: 'tenant', limit: 200 });
      const bySql = await ctx.select('SELECT id FROM lab_item WHERE tenant = :tenant', {
        tenant: 'home',
      });
      const allowed = await ctx.allows('/lab/get', `lab/item/${id}`);
      return {
        text: JSON.stringify([byId?.text, all.items.map((i) => i.text), bySql.length, allowed]),
      };
    };
    expect((await far.call(lab.ask, {})).text).toBe('[null,[],0,false]');
    expect((await ana.call(lab.ask, {})).text).toMatch(/^."near",.*,true.$/);
    work = async (_, ctx) => {
      ctx.write({
        sql: `UPDATE lab_item SET text = 'far' WHERE tenant = :tenant`,
        params: { tenant: 'home' },
      });
      ctx.write({
        sql: 'DELETE FROM lab_item WHERE tenant = :tenant AND id = :id',
        params: { id },
      });
      return { text: '' };
    };
    await far.call(lab.work, {});
    expect(await textsOf()).toEqual(['near']);
  });

  it('has names of its own for the same things', async () => {
    const far = await node.person(`far ${count}`, 'elsewhere');
    const id = `same${count}`;
    await ana.call(lab.put, { id, text: 'here' });
    await far.call(lab.put, { id, text: 'there' });
    expect((await ana.call(lab.get, { id })).text).toBe('here');
    expect((await far.call(lab.get, { id })).text).toBe('there');
  });
});

describe('SQL of a module', () => {
  it.each([
    'SELECT * FROM lab_item',
    "SELECT * FROM lab_item WHERE text = ':tenant'",
    'SELECT * FROM lab_item -- :tenant',
    'SELECT * FROM lab_item WHERE tenant = :tenants',
  ])('that does not confine itself is not run: %s', async (sql) => {
    ask = async (_, ctx) => ({ text: JSON.stringify(await ctx.select(sql)) });
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
    work = (_, ctx) => {
      ctx.write({ sql: 'DELETE FROM lab_item' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
  });

  it.each([
    ['a table of the kernel', 'SELECT * FROM kernel_session WHERE tenant = :tenant'],
    ['the log', 'SELECT * FROM log_record WHERE tenant = :tenant'],
    ['the schema', 'SELECT * FROM sqlite_master WHERE name <> :tenant'],
    ['a quoted table of the kernel', 'SELECT * FROM "kernel_session" WHERE tenant = :tenant'],
  ])('does not reach %s', async (_, sql) => {
    ask = async (__, ctx) => ({ text: JSON.stringify(await ctx.select(sql)) });
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
  });

  it('is refused a table of another module through rows', async () => {
    ask = (_, ctx) => {
      ctx.rows({ ...items, name: 'notes_note' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
  });

  it('cannot be brought into a query as a write', async () => {
    ask = (_, ctx) => {
      // Present at run time, and absent from the type: as a mistake in JavaScript would find it.
      const insert: unknown = Reflect.get(ctx.rows(items), 'insert');
      if (typeof insert === 'function') insert(item('by a query'));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
  });
});

describe('a resource with several members', () => {
  it('is filled with values as they are', async () => {
    const { resourceOf } = await import('../src/authorise.ts');
    const op = { ...lab.get, resource: 'pair/{id}/{text}' };
    expect(resourceOf(op, { id: '{text}', text: "$&$'$`{id}" })).toBe("lab/pair/{text}/$&$'$`{id}");
    expect(resourceOf(op, { id: 'x' })).toBeUndefined();
    expect(resourceOf({ ...op, resource: 'node' }, {})).toBe('node');
  });
});

describe('a sealed column', () => {
  it('comes back as it went in, and is not in the file', async () => {
    const marker = `marker-${crypto.randomUUID()}`;
    work = async (_, ctx) => {
      ctx
        .rows(items)
        .insert({ id: `s${count}`, text: 'plain', secret: marker, amount_minor: 123_456_789_012n });
      return { text: '' };
    };
    await ana.call(lab.work, { arg: marker });
    ask = async (_, ctx) => {
      const row = await ctx.rows(items).require(`s${count}`);
      return { text: `${row.secret} ${typeof row.amount_minor} ${row.amount_minor}` };
    };
    expect((await ana.call(lab.ask, {})).text).toBe(`${marker} bigint 123456789012`);
    for (const suffix of ['', '-wal']) {
      const bytes = await readFile(join(node.folder, 'data', `node.sqlite${suffix}`)).catch(
        () => null,
      );
      expect(bytes?.includes(marker) ?? false).toBe(false);
    }
  });

  it('cannot be searched', async () => {
    ask = async (_, ctx) => {
      await ctx.rows(items).list({ where: { secret: 's' } });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
  });
});

it('a grant lets allows() say yes, and its end no', async () => {
  const ben = await node.person(`ben ${count}`);
  const id = `a${count}`;
  await ana.call(lab.put, { id, text: 'x' });
  ask = async (_, ctx) => ({ text: String(await ctx.allows('/lab/get', `lab/item/${id}`)) });
  expect((await ben.call(lab.ask, {})).text).toBe('false');
  await grant(node, ana, ben.did, { command: '/lab/get' });
  expect([(await ben.call(lab.ask, {})).text, (await ana.call(lab.ask, {})).text]).toEqual([
    'true',
    'true',
  ]);
});
