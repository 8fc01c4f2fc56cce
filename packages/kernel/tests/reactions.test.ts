import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, contract, event, t } from '@anarq/common-schemas';
import { openNode, type OpenedNode } from '@anarq/node';
import { node as nodeOps } from '@anarq/node-module/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createTable,
  defineModule,
  handler,
  reaction,
  table,
  text,
  type ModuleDefinition,
} from '../src/index.ts';

const HOUR_MS = 3_600_000;

/** A module that says things, and one that listens and sweeps. */
const speaker = contract({
  name: 'speaker',
  version: '1.0.0',
  title: 'Speaker',
  purpose: 'Says things.',
  operations: {
    say: command({
      summary: 'Say something.',
      scope: 'speaker/say',
      input: t.object({ text: t.string({ maxLength: 80 }) }),
      output: t.object({}),
      emits: ['q.speaker.said.v1'],
    }),
  },
  events: {
    'q.speaker.said.v1': event({
      summary: 'Something was said.',
      schema: t.object({ text: t.string({ maxLength: 80 }) }),
    }),
  },
});

const listener = (uses: readonly string[] = ['listener.note']) =>
  contract({
    name: 'listener',
    version: '1.0.0',
    title: 'Listener',
    purpose: 'Notes what is said, and sweeps.',
    dependencies: ['speaker'],
    operations: {
      note: command({
        summary: 'Note something.',
        scope: 'listener/note',
        input: t.object({ text: t.string({ maxLength: 80 }) }),
        output: t.object({ id: t.id() }),
      }),
      other: command({
        summary: 'Something else.',
        scope: 'listener/other',
        input: t.object({}),
        output: t.object({}),
      }),
    },
    consumes: ['q.speaker.said.v1'],
    schedules: { sweep: { summary: 'Sweeps.', every: 'PT1H' } },
    asItself: { uses },
  });

const heard = table('listener_heard', {}, { text: text(), by: text() });
const ops = listener();
let onSaid: (said: string) => Promise<void> | void;

const modules = (uses?: readonly string[]): ModuleDefinition[] => [
  defineModule(speaker, {
    handlers: {
      say: handler(speaker.say, (input, ctx) => {
        ctx.emit('q.speaker.said.v1', { text: input.text });
        return {};
      }),
    },
  }),
  defineModule(listener(uses), {
    migrations: [{ id: 1, sql: createTable(heard) }],
    handlers: {
      note: handler(ops.note, (input, ctx) => {
        const id = ctx.id('note');
        ctx.rows(heard).insert({ id, text: input.text, by: ctx.call.actor });
        return { id };
      }),
      other: handler(ops.other, () => ({})),
    },
    on: {
      'q.speaker.said.v1': reaction(speaker, 'q.speaker.said.v1', async ({ data }, ctx) => {
        await ctx.step('note', ops.note, { text: data.text });
        await onSaid(data.text);
        ctx.rows(heard).insert({ id: ctx.id('own'), text: `own ${data.text}`, by: 'own' });
      }),
    },
    every: {
      sweep: async ({ dueAt }, ctx) => {
        await ctx.step('note', ops.note, { text: `sweep ${dueAt}` });
      },
    },
  }),
];

let node: TestNode;
let now_ms: number;
let fatal: string | undefined;
const start = (uses?: readonly string[]) =>
  startTestNode({
    modules: ['node'],
    extra: modules(uses),
    now_ms: () => now_ms,
    probe: (point) => {
      if (point === fatal) throw new Error('crash');
    },
  });

beforeEach(async () => {
  // In the middle of an hour, so that no test meets a whole one by chance.
  now_ms = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS / 2;
  onSaid = () => undefined;
  fatal = undefined;
  node = await start();
});
afterEach(() => node.close());

const skew = () => ({ skew_ms: now_ms - Date.now() });
const say = (words: string) => node.operator.call(speaker.say, { text: words }, skew());
const textsOf = async () =>
  (await node.store.read('SELECT text FROM listener_heard ORDER BY text')).map(
    (row) => row['text'],
  );
const POLL = { timeout: 20_000, interval: 50 };
const authority = async () => (await node.operator.call(nodeOps.authorities, {}, skew())).items[0];

describe('an event that a module consumes', () => {
  it('has its effect once, under the module’s own name and the operator’s authority', async () => {
    await say('hello');
    await expect.poll(textsOf, POLL).toEqual(['hello', 'own hello']);
    const [row] = await node.store.read(`SELECT by FROM listener_heard WHERE text = 'hello'`);
    expect(row?.['by']).toBe(node.kernel.node.modules['listener']);
    expect(await authority()).toMatchObject({
      module: 'listener',
      identity: node.kernel.node.modules['listener'],
      state: 'IN_FORCE',
      consumes: ['q.speaker.said.v1'],
      schedules: [{ name: 'sweep', every: 'PT1H' }],
      uses: ['listener.note'],
    });
  });

  it.each([
    'before-admission listener.on:q.speaker.said.v1',
    'after-admission listener.on:q.speaker.said.v1',
    'before-step listener.on:q.speaker.said.v1 note',
    'after-commit listener.note',
    'after-step listener.on:q.speaker.said.v1 note',
    'before-outcome listener.on:q.speaker.said.v1',
    'after-outcome listener.on:q.speaker.said.v1',
  ])('has it once, also where the node ends at %s', async (point) => {
    fatal = point;
    await say('hello');
    await vi.waitFor(() => expect(node.errors.length).toBeGreaterThan(0), { timeout: 20_000 });
    const stopping = node.restart();
    fatal = undefined;
    await stopping;
    await expect.poll(textsOf, POLL).toEqual(['hello', 'own hello']);
    const rows = await node.store.read(`SELECT state FROM kernel_process WHERE kind = 'event'`);
    expect(rows).toEqual([{ state: 'DONE' }]);
  });

  it('waits while the operator does not let the module act, and comes when it does', async () => {
    await node.operator.call(nodeOps.revokeAuthority, { module: 'listener' }, skew());
    expect(await authority()).toMatchObject({ state: 'REVOKED' });
    await say('not now');
    await node.restart();
    expect(await authority()).toMatchObject({ state: 'REVOKED' });
    expect(await textsOf()).toEqual([]);
    await node.operator.call(nodeOps.giveAuthority, { module: 'listener' }, skew());
    expect(await authority()).toMatchObject({ state: 'IN_FORCE' });
    await expect.poll(textsOf, POLL).toEqual(['not now', 'own not now']);
  });

  it('is stopped at its next step when the authority ends meanwhile', async () => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    onSaid = async () => {
      reached.resolve();
      await go.promise;
    };
    await say('hello');
    await reached.promise;
    await node.operator.call(nodeOps.revokeAuthority, { module: 'listener' }, skew());
    go.resolve();
    await vi.waitFor(async () => expect(await authority()).toMatchObject({ state: 'REVOKED' }));
  });
});

describe('a schedule', () => {
  const instant = (hours: number) =>
    new Date(Math.floor(now_ms / HOUR_MS) * HOUR_MS + hours * HOUR_MS).toISOString();
  const pass = async (ms: number) => {
    now_ms += ms;
    await node.kernel.lookAtClock();
  };

  it('comes once for each instant, on its grid', async () => {
    const first = instant(1);
    const second = instant(2);
    await pass(HOUR_MS / 2 + 1_000);
    await expect.poll(textsOf, POLL).toEqual([`sweep ${first}`]);
    await pass(60_000);
    await node.kernel.lookAtClock();
    await pass(HOUR_MS);
    await expect.poll(textsOf, POLL).toEqual([`sweep ${first}`, `sweep ${second}`]);
  });

  it('makes up once for the instants that the node was down for', async () => {
    const fifth = instant(5);
    now_ms += 5 * HOUR_MS;
    await node.restart();
    await node.kernel.lookAtClock();
    await expect.poll(textsOf, POLL).toEqual([`sweep ${fifth}`]);
  });

  it('is not lost, and does not come twice, where the clock jumps ahead and back', async () => {
    const first = instant(1);
    const second = instant(2);
    const far = instant(50);
    await pass(50 * HOUR_MS);
    await expect.poll(textsOf, POLL).toEqual([`sweep ${far}`].toSorted());
    await pass(-50 * HOUR_MS);
    await pass(HOUR_MS);
    await pass(HOUR_MS);
    await expect
      .poll(textsOf, POLL)
      .toEqual([`sweep ${first}`, `sweep ${second}`, `sweep ${far}`].toSorted());
  });

  it('is left out while the operator does not let the module act', async () => {
    const second = instant(2);
    await node.operator.call(nodeOps.revokeAuthority, { module: 'listener' }, skew());
    await pass(HOUR_MS);
    await node.operator.call(nodeOps.giveAuthority, { module: 'listener' }, skew());
    await pass(HOUR_MS);
    await expect.poll(textsOf, POLL).toEqual([`sweep ${second}`]);
  });
});

it('a release that does more by itself does nothing until the operator gives it anew', async () => {
  await node.close();
  const folder = await mkdtemp(join(tmpdir(), 'q-more-'));
  const open = (uses?: readonly string[]) =>
    openNode({
      dataFolder: join(folder, 'data'),
      keysFolder: join(folder, 'keys'),
      modules: modules(uses),
      version: '0.0.0-test',
      now_ms: () => now_ms,
    });
  const first = await open();
  const stateOf = ({ kernel }: OpenedNode) => kernel.services.processes.authorities()[0]?.state;
  expect(stateOf(first)).toBe('IN_FORCE');
  await first.close();
  const second = await open(['listener.note', 'listener.other']);
  expect(stateOf(second)).toBe('ASKS_FOR_MORE');
  await second.close();
  const third = await open([]);
  expect(stateOf(third)).toBe('IN_FORCE');
  await third.close();
  await rm(folder, { recursive: true, force: true });
  node = await start();
});

it('a contract that leads nowhere is refused when it is built', () => {
  const build = (more: object) => () =>
    contract({
      name: 'broken',
      version: '1.0.0',
      title: 'Broken',
      purpose: 'Broken.',
      operations: {},
      ...more,
    });
  expect(build({ consumes: ['q.speaker.said.v1'] })).toThrow('does not depend on');
  expect(build({ schedules: { sweep: { summary: '', every: 'P1M' } } })).toThrow('a duration');
  expect(
    build({ schedules: { sweep: { summary: '', every: 'PT1H' } }, asItself: { uses: ['x.y'] } }),
  ).toThrow('does not depend on it');
});
