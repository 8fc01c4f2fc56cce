import { fail } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counts, items, lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, insist } from './support.ts';

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

describe('a handler', () => {
  it('is run again with the same time and ids, and fresh rows, when it was overtaken', async () => {
    const id = `c${count}`;
    const runs: unknown[] = [];
    work = async (input, ctx) => {
      const rows = ctx.rows(counts);
      const row = await rows.get(id);
      runs.push({ now: ctx.now_ms, iso: ctx.now, ids: [ctx.id('a'), ctx.id('b')], of: row?.count });
      if (input.arg === 'first' && runs.length === 1) await ana.call(lab.work, { arg: 'overtake' });
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
      return JSON.parse('{"text":7}') as { text: string };
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
    expect((JSON.parse(row?.['seen'] as string) as string[]).toSorted()).toEqual(
      callers.toSorted(),
    );
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
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 4 }),
        async (calls) => {
          const who = await node.person('map');
          const prefix = who.did.slice(-12);
          const model = new Map<string, string>();
          for (const steps of calls) {
            work = async (_, ctx) => {
              const rows = ctx.rows(items);
              for (const { does, id: name, text } of steps) {
                const id = `${prefix}.${name}`;
                const row = await rows.get(id);
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
        },
      ),
      { numRuns: 15 },
    );
  });
});
