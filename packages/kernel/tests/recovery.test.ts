import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { openNode } from '@anarq/node';
import { testStore } from '@anarq/store/testing';
import { actorOf, startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant } from './support.ts';

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

describe('an undo', () => {
  it('that is refused parks the process for a person', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step(
        'b',
        lab.put,
        { id: id('b'), text: 'b' },
        {
          undo: () => call(lab.del, { id: 'not-there' }),
        },
      );
      return fail('STATE_CONFLICT', 'No.');
    };
    const idempotencyKey = randomUUID();
    const parked = await ana.result(lab.run, {}, { idempotencyKey });
    expect(parked).toMatchObject({
      code: 'NEEDS_ATTENTION',
      retryable: false,
      message: expect.stringContaining('b could not be undone: QINDEX_NOT_FOUND'),
    });
    expect(await stateOf()).toMatchObject({
      state: 'NEEDS_ATTENTION',
      problem: 'b could not be undone: QINDEX_NOT_FOUND',
    });
    expect(node.errors).toHaveLength(1);
    await node.restart();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      code: 'NEEDS_ATTENTION',
      replayed: true,
    });
    expect(await textsOf()).toEqual(['a', 'b']);
  });

  it('that was begun is ended, whatever the handler would do now', async () => {
    let runs = 0;
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await put(ctx, 'b');
      return ++runs === 1 ? fail('STATE_CONFLICT', 'Not now.') : { text: 'now' };
    };
    crashAt('before-undo lab.run a');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    await restart();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      code: 'STATE_CONFLICT',
      message: 'Not now.',
      replayed: true,
    });
    expect(runs).toBe(1);
    expect(await textsOf()).toEqual([]);
  });

  it('after a step that was refused stays one, though the step would be allowed now', async () => {
    const ben = await node.person(`ben ${count}`);
    await ben.call(lab.put, { id: id('ben'), text: 'ben' });
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step('set', lab.set, { id: id('ben'), text: 'x' });
      return { text: '' };
    };
    crashAt('before-undo lab.run a');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    await grant(node, ben, ana.did);
    await restart();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('QONSENT_DENIED');
    expect([await textsOf(ben), (await ana.call(lab.list, {})).items.length]).toEqual([['ben'], 1]);
  });
});

describe('a refusal that a handler went on from', () => {
  it('is the same after a crash, though the step would be allowed now', async () => {
    const ben = await node.person(`ben ${count}`);
    await ben.call(lab.put, { id: id('ben'), text: 'ben' });
    run = async (_, ctx) => {
      const isSet = await ctx.step('set', lab.set, { id: id('ben'), text: 'x' }).then(
        () => true,
        () => false,
      );
      await put(ctx, isSet ? 'allowed' : 'refused');
      await put(ctx, 'b');
      return { text: '' };
    };
    crashAt('after-step lab.run refused');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    await grant(node, ben, ana.did);
    await restart();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('SUCCESS');
    expect(await textsOf(ben)).toEqual(['ben']);
    expect(await textsOf()).toEqual(['b', 'ben', 'refused']);
  });
});

describe('a process within a process', () => {
  beforeEach(() => {
    inner = async (input, ctx) => {
      await ctx.step(
        'deep',
        lab.put,
        { id: id('deep'), text: 'deep' },
        {
          undo: (done) => call(lab.del, { id: done.id }),
        },
      );
      if (input.arg === 'fail') await ctx.step('reject', lab.reject, {});
      return { text: 'inner' };
    };
  });

  it('undoes itself, and then its parent undoes', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step('inner', lab.inner, { arg: 'fail' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('STATE_CONFLICT');
    expect(await textsOf()).toEqual([]);
  });

  it('is taken up before its parent, and asked for by its key', async () => {
    run = async (_, ctx) => ctx.step('inner', lab.inner, {});
    crashAt('after-step lab.inner deep');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    await restart();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      data: { text: 'inner' },
      replayed: true,
    });
    expect(await textsOf()).toEqual(['deep']);
    expect(node.errors.filter((error) => !String(error).includes('crash'))).toEqual([]);
  });

  it('does not do more than its own contract announces', async () => {
    run = async (_, ctx) => ctx.step('inner', lab.inner, {});
    inner = async (_, ctx) => {
      await ctx.step('set', lab.set, { id: id('x'), text: 'x' });
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.run, {}))).toBe('QONSENT_DENIED');
  });
});

describe('a process whose code changed while it was open', () => {
  it('stops where it asks for something else than before, and waits for a person', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await put(ctx, 'b');
      return { text: '' };
    };
    crashAt('after-step lab.run a');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    run = async (_, ctx) => {
      await ctx.step('a', lab.put, { id: id('a'), text: 'another text' }).catch(() => undefined);
      return { text: 'as if nothing were' };
    };
    await restart();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('PROCESS_DIVERGED');
    expect(await stateOf()).toMatchObject({ state: 'NEEDS_ATTENTION' });
    expect(await textsOf()).toEqual(['a']);
  });

  it('stops where it no longer asks for what was done', async () => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      await put(ctx, 'b');
      return { text: '' };
    };
    crashAt('after-step lab.run a');
    const idempotencyKey = randomUUID();
    await ana.result(lab.run, {}, { idempotencyKey });
    run = async (_, ctx) => {
      await put(ctx, 'b');
      return { text: '' };
    };
    await restart();
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      code: 'PROCESS_DIVERGED',
      message: expect.stringContaining('Step a was done'),
    });
  });

  it('waits for the version of the contract that it began with', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q-version-'));
    const errors: unknown[] = [];
    const open = async (version: string, fatal?: string) => {
      const module = labModule({
        run: async (_, ctx) => ctx.step('work', lab.work, {}),
      });
      const operations = Object.fromEntries(
        Object.entries(module.contract.operations).map(([name, op]) => [name, { ...op, version }]),
      );
      const opened = await openNode({
        dataFolder: join(folder, 'data'),
        ...testStore(join(folder, 'data')),
        keysFolder: join(folder, 'keys'),
        modules: [{ ...module, contract: { ...module.contract, version, operations } }],
        version: '0.0.0-test',
        onError: (error) => void errors.push(error),
        probe: (point) => {
          if (point === fatal) throw new Error('crash');
        },
      });
      const { node: facts } = opened.kernel;
      const who = { did: facts.operator, seed: opened.operatorSeed };
      return { ...opened, operator: actorOf(() => opened.kernel, who) };
    };
    const idempotencyKey = randomUUID();
    const first = await open('1.0.0', 'after-admission lab.run');
    await first.operator.result(lab.run, {}, { idempotencyKey });
    await first.close();
    errors.length = 0;
    const second = await open('2.0.0');
    expect(String(errors[0])).toContain('began with lab.run 1.0.0');
    expect(codeOf(await second.operator.result(lab.run, {}, { idempotencyKey }))).not.toBe(
      'SUCCESS',
    );
    await second.close();
    const third = await open('1.0.0');
    expect(await third.operator.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      status: 'ok',
      replayed: true,
    });
    await third.close();
    await rm(folder, { recursive: true, force: true });
  });
});

describe('a stored admission', () => {
  it('that somebody changed is not taken up', async () => {
    run = async (_, ctx) => ctx.step('work', lab.work, {});
    crashAt('after-admission lab.run');
    await ana.result(lab.run, {});
    const [row] = await node.store.read(
      `SELECT id, admission_sealed FROM kernel_process WHERE state = 'RUNNING'`,
    );
    const sealed = Uint8Array.from(row!['admission_sealed'] as Uint8Array);
    const whole = Uint8Array.from(sealed);
    sealed[sealed.length - 1]! ^= 1;
    const write = (bytes: Uint8Array) =>
      node.store.commit([
        {
          sql: 'UPDATE kernel_process SET admission_sealed = :bytes WHERE id = :id',
          params: { bytes, id: row!['id']! },
        },
      ]);
    await write(sealed);
    await restart();
    expect(node.errors.length).toBeGreaterThan(0);
    expect(
      await node.store.read(`SELECT id FROM kernel_process WHERE state = 'RUNNING'`),
    ).toHaveLength(1);
    await write(whole);
    await restart();
    expect(await node.store.read(`SELECT id FROM kernel_process WHERE state = 'RUNNING'`)).toEqual(
      [],
    );
  });
});
