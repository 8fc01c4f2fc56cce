import { randomUUID } from 'node:crypto';
import { fail } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { items, lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant, revoke } from './support.ts';

let node: TestNode;
let ana: Actor;
let count = 0;
let run: NonNullable<LabHandlers['run']>;
let inner: NonNullable<LabHandlers['inner']>;
let work: NonNullable<LabHandlers['work']>;
let before: ((point: string) => void) | undefined;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [
      labModule({
        run: (input, ctx) => run(input, ctx),
        inner: (input, ctx) => inner(input, ctx),
        work: (input, ctx) => work(input, ctx),
      }),
    ],
    probe: (point) => before?.(point),
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
  before = undefined;
  run = () => ({ text: '' });
  inner = () => ({ text: '' });
  work = () => ({ text: '' });
  node.errors.length = 0;
});

const id = (name: string) => `${name}-${count}`;
const textsOf = async (who = ana) =>
  (await who.call(lab.list, {})).items.map(({ text }) => text).toSorted();
const stateOf = async () => {
  const rows = await node.store.read(
    'SELECT state, problem FROM kernel_process ORDER BY created_ms DESC, updated_ms DESC LIMIT 1',
  );
  return rows[0];
};
type RunContext = Parameters<typeof run>[1];
const put = (ctx: RunContext, name: string) =>
  ctx.step(
    name,
    lab.put,
    { id: id(name), text: name },
    {
      undo: (done) => call(lab.del, { id: done.id }),
    },
  );
/** Ends the node's work at a point, as a crash would, until the node is started again. */
const crashAt = (point: string) => {
  let isDown = false;
  before = (now) => {
    isDown ||= now === point;
    if (isDown) throw new Error('crash');
  };
};
const restart = async () => {
  before = undefined;
  await node.restart();
};

describe('a process', () => {
  it('undoes its steps last first, those that can be undone', async () => {
    const undone: string[] = [];
    before = (point) => {
      if (point.startsWith('before-undo')) undone.push(point.split(' ')[2]!);
    };
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step('kept', lab.put, { id: id('kept'), text: 'kept' });
      await put(ctx, 'b');
      return fail('PRICE_ABOVE_LIMIT', 'Too dear.', { price: '7' });
    };
    expect(await ana.result(lab.run, {})).toMatchObject({
      code: 'PRICE_ABOVE_LIMIT',
      message: 'Too dear.',
      details: { price: '7' },
      cid: expect.any(String),
    });
    expect(undone).toEqual(['b', 'a']);
    expect(await textsOf()).toEqual(['kept']);
    expect(await stateOf()).toMatchObject({ state: 'UNDONE' });
  });

  it('may go on from a refusal of a step', async () => {
    run = async (_, ctx) => {
      const answer = await ctx
        .step('reject', lab.reject, {})
        .catch((error: { code: string }) => error.code);
      await put(ctx, 'a');
      return { text: String(answer) };
    };
    expect((await ana.call(lab.run, {})).text).toBe('STATE_CONFLICT');
    expect(await textsOf()).toEqual(['a']);
  });

  it('never goes on from a step whose end is not known, even if its handler would', async () => {
    let tries = 0;
    work = () => (++tries < 3 ? fail('SERVICE_UNAVAILABLE', 'Busy.') : { text: 'at last' });
    run = async (_, ctx) => {
      const answer = await ctx.step('work', lab.work, {}).catch(() => ({ text: 'assumed' }));
      return { text: answer.text };
    };
    expect((await ana.call(lab.run, {})).text).toBe('at last');
    expect(tries).toBe(3);
  });

  describe('with a slow step', () => {
    const slowly = (ctx: RunContext) =>
      ctx.step('slow', lab.work, {}, { undo: () => call(lab.del, { id: id('slow') }) });
    beforeEach(() => {
      work = async (_, ctx) => {
        await new Promise((resolve) => setTimeout(resolve, 60));
        ctx.rows(items).insert({ id: id('slow'), text: 'slow', secret: '', amount_minor: null });
        return { text: '' };
      };
    });

    it('waits for all that it began before it undoes', async () => {
      run = async (_, ctx) => {
        await Promise.all([ctx.step('reject', lab.reject, {}), slowly(ctx), put(ctx, 'a')]);
        return { text: '' };
      };
      expect(codeOf(await ana.result(lab.run, {}))).toBe('STATE_CONFLICT');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await textsOf()).toEqual([]);
    });

    it('waits for it also where its handler forgot it, and for what comes after it', async () => {
      run = (_, ctx) => {
        void slowly(ctx).then(() => put(ctx, 'a'));
        return { text: 'forgotten' };
      };
      expect((await ana.call(lab.run, {})).text).toBe('forgotten');
      expect(await textsOf()).toEqual(['a', 'slow']);
    });
  });

  it('runs its outcome again when a row that it read was changed', async () => {
    await ana.call(lab.put, { id: id('row'), text: 'old' });
    let runs = 0;
    run = async (_, ctx) => {
      const row = await ctx.rows(items).require(id('row'));
      await put(ctx, 'a');
      if (++runs === 1) await ana.call(lab.set, { id: row.id, text: 'new' });
      ctx.rows(items).update(row, { text: `${row.text}!` });
      return { text: row.text };
    };
    expect((await ana.call(lab.run, {})).text).toBe('new');
    expect(await textsOf()).toEqual(['a', 'new!']);
  });

  it('undoes all that it did, also what a run that was overtaken did', async () => {
    await ana.call(lab.put, { id: id('row'), text: 'open' });
    let runs = 0;
    run = async (_, ctx) => {
      const row = await ctx.rows(items).require(id('row'));
      if (row.text === 'closed') return fail('STATE_CONFLICT', 'It is closed.');
      await put(ctx, 'a');
      if (++runs === 1) await ana.call(lab.set, { id: row.id, text: 'closed' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('STATE_CONFLICT');
    expect(await textsOf()).toEqual(['closed']);
  });

  it('does not fail the node by a step that its handler forgot, and that failed', async () => {
    run = async (_, ctx) => {
      void ctx.step('reject', lab.reject, {});
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { text: 'forgotten' };
    };
    expect((await ana.call(lab.run, {})).text).toBe('forgotten');
  });

  it('does not take a second step of the same name for the first', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await put(ctx, 'a');
      return { text: '' };
    };
    const idempotencyKey = randomUUID();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('SERVICE_UNAVAILABLE');
    expect(String(node.errors[0])).toContain('two steps are named a');
    run = async (_, ctx) => {
      await put(ctx, 'a');
      return { text: 'mended' };
    };
    await node.restart();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      data: { text: 'mended' },
    });
  });

  it('that began with a session cannot do what needs a full signature', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      return ctx.step('pay', lab.pay, { amount: '1', unit: 'EUR' });
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('QLOCK_AUTH_FAIL');
    expect(await textsOf()).toEqual([]);
  });

  it('keeps to what its contract announces', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step('give', lab.give, { id: id('a'), to: 'did:squid:thief' });
      return { text: '' };
    };
    expect(await ana.result(lab.run, {})).toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { rule: expect.stringContaining('does not announce') } },
    });
    expect(await textsOf()).toEqual([]);
  });

  it('asks and does nothing unannounced through a query either', async () => {
    run = async (_, ctx) => {
      const answer = await ctx.query(lab.diary, {});
      return { text: answer.text };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('QONSENT_DENIED');
  });

  it('reaches nothing that its caller does not', async () => {
    const ben = await node.person(`ben ${count}`);
    await ben.call(lab.put, { id: id('ben'), text: 'ben' });
    run = async (_, ctx) => {
      await ctx.step('set', lab.set, { id: id('ben'), text: 'stolen' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('QONSENT_DENIED');
    expect(await textsOf(ben)).toEqual(['ben']);
  });

  it('has at most 64 steps, and undoes them all beyond', async () => {
    run = async (_, ctx) => {
      for (let i = 0; i < 65; i++) await ctx.step(`s${i}`, lab.work, {});
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('LIMIT_EXCEEDED');
  });

  it('answers a caller that it goes on when it cannot end now', async () => {
    let isBusy = true;
    work = () => (isBusy ? fail('SERVICE_UNAVAILABLE', 'Busy.') : { text: 'done' });
    run = async (_, ctx) => ctx.step('work', lab.work, {});
    const idempotencyKey = randomUUID();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
      details: { process: expect.stringMatching(/^proc_/) },
    });
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('CALL_IN_PROGRESS');
    isBusy = false;
    await node.restart();
    const answer = await ana.result(lab.run, {}, { idempotencyKey });
    expect(answer).toMatchObject({ data: { text: 'done' }, replayed: true });
  });
});

describe('a step as the module itself', () => {
  it('acts under the module’s name, whoever calls', async () => {
    run = async (_, ctx) => {
      await ctx.step('put', lab.put, { id: id('own'), text: 'own' }, { as: 'module' });
      return ctx.step('work', lab.work, {}, { as: 'module' });
    };
    work = (_, ctx) => ({ text: `${ctx.call.actor} ${ctx.call.subject} ${ctx.call.kind}` });
    const did = node.kernel.node.modules['lab'];
    expect((await ana.call(lab.run, {})).text).toBe(`${did} ${did} module`);
    expect(codeOf(await ana.result(lab.get, { id: id('own') }))).toBe('QONSENT_DENIED');
  });

  it('has no more right to what is the caller’s than anybody', async () => {
    await ana.call(lab.put, { id: id('mine'), text: 'mine' });
    run = async (_, ctx) => {
      await ctx.step('set', lab.set, { id: id('mine'), text: 'x' }, { as: 'module' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('QONSENT_DENIED');
    await grant(node, ana, node.kernel.node.modules['lab']!, { command: '/lab/set' });
    expect(codeOf(await ana.result(lab.run, {}))).toBe('SUCCESS');
  });

  it('is undone as the module too', async () => {
    run = async (_, ctx) => {
      await ctx.step(
        'put',
        lab.put,
        { id: id('own'), text: 'own' },
        {
          as: 'module',
          undo: (done) => call(lab.del, { id: done.id }),
        },
      );
      return fail('STATE_CONFLICT', 'No.');
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('STATE_CONFLICT');
    expect(
      await node.store.read('SELECT id FROM lab_item WHERE id = :id', { id: id('own') }),
    ).toEqual([]);
  });
});

describe('a revocation while a process runs', () => {
  it('stops the next step, and undoes those before it', async () => {
    const ben = await node.person(`ben ${count}`);
    const cid = await grant(node, ana, ben.did);
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await revoke(node, cid);
      await put(ctx, 'b');
      return { text: '' };
    };
    expect(await ben.result(lab.run, {}, { subject: ana.did })).toMatchObject({
      code: 'GRANT_REVOKED',
      details: { why: { grant: cid } },
    });
    expect(await textsOf()).toEqual([]);
  });

  it('does not stop the undo of what was done on a resource under it', async () => {
    const ben = await node.person(`ben ${count}`);
    await ana.call(lab.put, { id: id('shared'), text: 'before' });
    const cid = await grant(node, ana, ben.did, { command: '/lab/set' });
    run = async (_, ctx) => {
      await ctx.step(
        'set',
        lab.set,
        { id: id('shared'), text: 'during' },
        {
          undo: () => call(lab.set, { id: id('shared'), text: 'before' }),
        },
      );
      await revoke(node, cid);
      await ctx.step('again', lab.set, { id: id('shared'), text: 'after' });
      return { text: '' };
    };
    expect(codeOf(await ben.result(lab.run, {}))).toBe('QONSENT_DENIED');
    expect(await textsOf()).toEqual(['before']);
    expect(await stateOf()).toMatchObject({ state: 'UNDONE' });
  });

  it('does not stop an undo that is a process itself', async () => {
    const ben = await node.person(`ben ${count}`);
    const cid = await grant(node, ana, ben.did);
    inner = async (_, ctx) => {
      await ctx.step('del', lab.del, { id: id('a') });
      return { text: '' };
    };
    run = async (_, ctx) => {
      await ctx.step(
        'a',
        lab.put,
        { id: id('a'), text: 'a' },
        {
          undo: () => call(lab.inner, {}),
        },
      );
      await revoke(node, cid);
      await put(ctx, 'b');
      return { text: '' };
    };
    const refused = await ben.result(lab.run, {}, { subject: ana.did });
    expect(codeOf(refused)).toBe('GRANT_REVOKED');
    expect(await textsOf()).toEqual([]);
  });

  it('holds for a process that a restart takes up', async () => {
    const ben = await node.person(`ben ${count}`);
    const cid = await grant(node, ana, ben.did);
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await put(ctx, 'b');
      return { text: '' };
    };
    crashAt('after-step lab.run a');
    const options = { subject: ana.did, idempotencyKey: randomUUID() };
    expect(codeOf(await ben.result(lab.run, {}, options))).toBe('SERVICE_UNAVAILABLE');
    await revoke(node, cid);
    await restart();
    expect(await ben.result(lab.run, {}, options)).toMatchObject({ code: 'GRANT_REVOKED' });
    expect(await textsOf()).toEqual([]);
  });
});
