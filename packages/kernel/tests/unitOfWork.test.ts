import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counts, items, lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant, insist } from './support.ts';

let node: TestNode;
let ana: Actor;
let count = 0;
let work: NonNullable<LabHandlers['work']>;
let ask: NonNullable<LabHandlers['ask']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
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
  ana = await node.person(`ana ${count}`);
  work = () => ({ text: '' });
  ask = () => ({ text: '' });
  node.errors.length = 0;
});

const item = (id: string, text = id) => ({ id, text, secret: 's', amount_minor: 5n });
const textsOf = async (who = ana) => (await who.call(lab.list, {})).items.map(({ text }) => text);

describe('a handler', () => {
  it('is run again with the same time and ids, and fresh rows, when it was overtaken', async () => {
    const id = `c${count}`;
    const runs: unknown[] = [];
    work = async (input, ctx) => {
      const rows = ctx.rows(counts);
      const row = await rows.get(id);
      runs.push({ now: ctx.now_ms, iso: ctx.now, ids: [ctx.id('a'), ctx.id('b')], of: row?.count });
      if (input.arg === 'first' && runs.length === 1)
        await ana.call(lab.work, { arg: 'overtake' });
      if (row === undefined) rows.insert({ id, count: 1, seen: [] });
      else rows.update(row, { count: row.count + 1 });
      return { text: '' };
    };
    await ana.call(lab.work, { arg: 'first' });
    expect(runs).toHaveLength(3);
    const [first, , again] = runs as [{ of: unknown }, unknown, { of: unknown }];
    expect(again).toEqual({ ...first, of: 1 });
    expect(first.of).toBeUndefined();
  });

  it('that is overtaken five times leaves it to the caller to try again', async () => {
    const id = `c${count}`;
    let runs = 0;
    work = async (input, ctx) => {
      const rows = ctx.rows(counts);
      const row = await rows.get(id);
      if (input.arg === 'slow') {
        runs += 1;
        await ana.call(lab.work, {});
      }
      if (row === undefined) rows.insert({ id, count: 1, seen: [] });
      else rows.update(row, { count: row.count + 1 });
      return { text: '' };
    };
    expect(await ana.result(lab.work, { arg: 'slow' })).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
      details: { retryAfter_ms: expect.any(Number) },
    });
    expect(runs).toBe(5);
  });

  it('that throws writes nothing, whatever it had begun', async () => {
    work = (input, ctx) => {
      ctx.rows(items).insert(item(`t${count}`));
      ctx.emit('q.lab.worked.v1', { id: 'x' });
      if (input.arg === 'refuse') return fail('STATE_CONFLICT', 'No.');
      throw new Error('a mistake');
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
    expect(codeOf(await ana.result(lab.work, { arg: 'refuse' }))).toBe('STATE_CONFLICT');
    expect(await textsOf()).toEqual([]);
    expect(await node.store.read('SELECT id FROM kernel_outbox')).toEqual([]);
    expect(node.errors).toHaveLength(1);
  });

  it('that answers outside its contract writes nothing', async () => {
    work = (_, ctx) => {
      ctx.rows(items).insert(item(`o${count}`));
      return { text: 7 as unknown as string };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
    expect(await textsOf()).toEqual([]);
  });

  it('does not tell a caller what went wrong inside', async () => {
    work = () => {
      throw new Error('password is hunter2');
    };
    expect(JSON.stringify(await ana.result(lab.work, {}))).not.toContain('hunter2');
    expect(String(node.errors[0])).toContain('hunter2');
  });

  it('may not announce what its contract does not', async () => {
    work = (_, ctx) => {
      ctx.emit('q.lab.worked.v2' as 'q.lab.worked.v1', { id: 'x' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
  });

  it('whose effect fails once the commit is durable is answered all the same', async () => {
    work = (_, ctx) => {
      ctx.rows(items).insert(item(`e${count}`));
      ctx.afterCommit(() => {
        throw new Error('an effect');
      });
      return { text: 'done' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('SUCCESS');
    expect(await textsOf()).toEqual([`e${count}`]);
    expect(String(node.errors[0])).toContain('an effect');
  });
});

describe('many callers who change one row', () => {
  it('lose no change', async () => {
    const id = `n${count}`;
    work = async (input, ctx) => {
      const rows = ctx.rows(counts);
      const row = await rows.get(id);
      const seen = [...(row?.seen ?? []), input.arg ?? ''];
      if (row === undefined) rows.insert({ id, count: 1, seen });
      else rows.update(row, { count: row.count + 1, seen });
      return { text: '' };
    };
    const callers = Array.from({ length: 30 }, (_, i) => String(i));
    const answers = await Promise.all(
      callers.map((arg) =>
        insist(() => ana.result(lab.work, { arg }, { idempotencyKey: `${id}.${arg}` })),
      ),
    );
    expect(answers.map(codeOf).filter((code) => code !== 'SUCCESS')).toEqual([]);
    const [row] = await node.store.read('SELECT * FROM lab_count WHERE id = :id', { id });
    expect(row).toMatchObject({ count: 30, version: 30 });
    expect((JSON.parse(row?.['seen'] as string) as string[]).toSorted()).toEqual(callers.toSorted());
  });
});

describe('one call', () => {
  it('reads what it wrote, inserted, changed and removed', async () => {
    work = async (_, ctx) => {
      const rows = ctx.rows(items);
      rows.insert(item('one'));
      rows.update(await rows.require('one'), { text: 'changed' });
      const changed = await rows.require('one');
      rows.update(changed, { text: 'twice', amount_minor: null });
      const twice = await rows.require('one');
      rows.remove(twice);
      const gone = await rows.get('one');
      rows.insert(item('one', 'anew'));
      return { text: [changed.text, twice.text, twice.version, gone, twice.amount_minor].join() };
    };
    expect((await ana.call(lab.work, {})).text).toBe('changed,twice,3,,');
    expect(await textsOf()).toEqual(['anew']);
    expect(codeOf(await ana.result(lab.set, { id: 'one', text: 'x' }))).toBe('SUCCESS');
    await ana.call(lab.del, { id: 'one' });
  });

  it('may insert and remove a row that it never read', async () => {
    work = async (_, ctx) => {
      const rows = ctx.rows(items);
      rows.insert(item('brief'));
      rows.remove(await rows.require('brief'));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('SUCCESS');
    expect(codeOf(await ana.result(lab.get, { id: 'brief' }))).toBe('QINDEX_NOT_FOUND');
  });

  it('may change what it listed, and reads the change by id and in the list', async () => {
    await ana.call(lab.put, { id: `l${count}a`, text: 'a' });
    await ana.call(lab.put, { id: `l${count}b`, text: 'b' });
    work = async (_, ctx) => {
      const rows = ctx.rows(items);
      const [a, b] = (await rows.list()).items;
      rows.update(a!, { text: 'A' });
      const read = await rows.require(a!.id);
      rows.update(read, { text: `${read.text}!` });
      rows.remove(b!);
      return { text: (await rows.list()).items.map(({ text }) => text).join() };
    };
    expect((await ana.call(lab.work, {})).text).toBe('A!');
    expect(await textsOf()).toEqual(['A!']);
  });

  it('that changes what it listed is guarded against those who were faster', async () => {
    await ana.call(lab.put, { id: `g${count}`, text: 'a' });
    let runs = 0;
    work = async (_, ctx) => {
      const [row] = (await ctx.rows(items).list()).items;
      if (++runs === 1) await ana.call(lab.set, { id: row!.id, text: 'faster' });
      ctx.rows(items).update(row!, { text: `${row!.text} and me` });
      return { text: '' };
    };
    await ana.call(lab.work, {});
    expect(await textsOf()).toEqual(['faster and me']);
  });

  it('is guarded by a row that it only read', async () => {
    await ana.call(lab.put, { id: `r${count}`, text: 'open' });
    let runs = 0;
    work = async (_, ctx) => {
      const row = await ctx.rows(items).require(`r${count}`);
      if (++runs === 1) await ana.call(lab.set, { id: row.id, text: 'closed' });
      ctx.rows(items).insert(item(`r${count}-${row.text}`));
      return { text: row.text };
    };
    expect((await ana.call(lab.work, {})).text).toBe('closed');
  });

  it('commits all of its rows or none', async () => {
    await ana.call(lab.put, { id: `taken${count}`, text: 'x' });
    work = (_, ctx) => {
      ctx.rows(items).insert(item(`free${count}`));
      ctx.rows(items).insert(item(`taken${count}`));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('SERVICE_UNAVAILABLE');
    expect(await textsOf()).toEqual(['x']);
  });

  it('keeps a table as a map would, whatever is done to it', async () => {
    const step = fc.record({
      does: fc.constantFrom('insert', 'update', 'remove', 'read'),
      id: fc.constantFrom('p', 'q', 'r'),
      text: fc.string({ maxLength: 5 }).filter((text) => text.isWellFormed()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 4 }), async (calls) => {
        const who = await node.person('map');
        const prefix = who.did.slice(-12);
        const model = new Map<string, string>();
        for (const steps of calls) {
          work = async (_, ctx) => {
            const rows = ctx.rows(items);
            for (const { does, id: name, text } of steps) {
              const id = `${prefix}.${name}`;
              const row = await (does === 'read' ? rows.get(id) : rows.get(id));
              expect(row?.text).toBe(model.get(id));
              if (does === 'insert' && row === undefined) {
                rows.insert(item(id, text));
                model.set(id, text);
              } else if (does === 'update' && row !== undefined) {
                rows.update(row, { text });
                model.set(id, text);
              } else if (does === 'remove' && row !== undefined) {
                rows.remove(row);
                model.delete(id);
              }
            }
            return { text: '' };
          };
          expect(codeOf(await who.result(lab.work, {}))).toBe('SUCCESS');
          const kept = (await who.call(lab.list, {})).items.map((i) => [i.id, i.text]);
          expect(kept).toEqual([...model].toSorted(([a], [b]) => (a < b ? -1 : 1)));
        }
      }),
      { numRuns: 15 },
    );
  });
});

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
    const given = ana.result(lab.give, { id, to: ben.did });
    const sets = Array.from({ length: 10 }, (_, i) => ana.result(lab.set, { id, text: `ana ${i}` }));
    await given;
    const after = await ben.call(lab.get, { id });
    await Promise.all(sets);
    expect((await ben.call(lab.get, { id })).text).toBe(after.text);
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
      return { text: JSON.stringify([byId ?? null, all.items, bySql, allowed]) };
    };
    await far.result(lab.ask, {}); console.log(node.errors);
    expect((await far.call(lab.ask, {})).text).toBe('[null,[],[],false]');
    expect((await ana.call(lab.ask, {})).text).toContain('near');
    work = async (_, ctx) => {
      ctx.write({ sql: `UPDATE lab_item SET text = 'far' WHERE tenant = :tenant`, params: { tenant: 'home' } });
      ctx.write({ sql: 'DELETE FROM lab_item WHERE tenant = :tenant AND id = :id', params: { id } });
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
    ['the schema', "SELECT * FROM sqlite_master WHERE name <> :tenant"],
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
      const rows = ctx.rows(items) as unknown as { insert(row: unknown): void };
      rows.insert(item('by a query'));
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.ask, {}))).toBe('INTERNAL');
  });
});

describe('a resource with several members', () => {
  it('is filled with values as they are', async () => {
    const { resourceOf } = await import('../src/authorise.ts');
    const op = { ...lab.get, resource: 'pair/{id}/{text}' };
    expect(resourceOf(op, { id: '{text}', text: "$&$'$`{id}" })).toBe(
      "lab/pair/{text}/$&$'$`{id}",
    );
    expect(resourceOf(op, { id: 'x' })).toBeUndefined();
    expect(resourceOf({ ...op, resource: 'node' }, {})).toBe('node');
  });
});

describe('a sealed column', () => {
  it('comes back as it went in, and is not in the file', async () => {
    const marker = `marker-${crypto.randomUUID()}`;
    work = async (_, ctx) => {
      ctx.rows(items).insert({ id: `s${count}`, text: 'plain', secret: marker, amount_minor: 123_456_789_012n });
      return { text: '' };
    };
    await ana.call(lab.work, { arg: marker });
    ask = async (_, ctx) => {
      const row = await ctx.rows(items).require(`s${count}`);
      return { text: `${row.secret} ${typeof row.amount_minor} ${row.amount_minor}` };
    };
    expect((await ana.call(lab.ask, {})).text).toBe(`${marker} bigint 123456789012`);
    for (const suffix of ['', '-wal']) {
      const bytes = await readFile(join(node.folder, 'data', `node.sqlite${suffix}`)).catch(() => null);
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
