import { randomUUID } from 'node:crypto';
import { node as nodeOps } from '@anarq/node-module/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { agentOf, codeOf } from './support.ts';

let node: TestNode;
let ana: Actor;
let count = 0;
let ahead_ms = 0;
let run: NonNullable<LabHandlers['run']>;
let buy: NonNullable<LabHandlers['buy']>;
let undoRefuses = false;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['node'],
    extra: [
      labModule({
        run: (input, ctx) => run(input, ctx),
        buy: (input, ctx) => buy(input, ctx),
      }),
    ],
    now_ms: () => Date.now() + ahead_ms,
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  ahead_ms = 0;
  undoRefuses = false;
  count += 1;
  ana = await node.person(`ana ${count}`);
  node.errors.length = 0;
});

const id = (name: string) => `${name}-${count}`;
const textsOf = async () => (await ana.call(lab.list, {})).items.map(({ text }) => text).toSorted();
type Context = Parameters<typeof run>[1];
const put = (ctx: Pick<Context, 'step'>, name: string) =>
  ctx.step(
    name,
    lab.put,
    { id: id(name), text: name },
    { undo: (done) => call(lab.del, { id: undoRefuses ? 'not-there' : done.id }) },
  );
const attention = async () =>
  (await node.operator.call(nodeOps.processes, { only: 'NEEDS_ATTENTION' })).items.filter(
    ({ actor }) => actor === ana.did,
  );
const stateOf = (processId: string, ...states: string[]) =>
  vi.waitFor(
    async () => {
      const shown = await node.operator.call(nodeOps.process, { processId });
      expect(states).toContain(shown.state);
      return shown;
    },
    { timeout: 20_000, interval: 50 },
  );
/** Lets the pause after each failure pass, until nothing is tried any more. */
async function tryUntilParked(): Promise<string> {
  for (let jump = 1; jump < 40; jump++) {
    const [parked] = await attention();
    if (parked !== undefined) return parked.processId;
    ahead_ms = jump * 3_600_001;
    await node.kernel.lookAtClock();
    await new Promise((resolve) => setTimeout(resolve, 50));
    ahead_ms = 0;
  }
  throw new Error('it was never parked');
}

describe('a handler with a defect', () => {
  it('is tried again with pauses, and then waits for a person, who has it go on', async () => {
    let runs = 0;
    run = async (_, ctx) => {
      runs += 1;
      await put(ctx, 'a');
      throw new TypeError('a defect');
    };
    const idempotencyKey = randomUUID();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('SERVICE_UNAVAILABLE');
    const processId = await tryUntilParked();
    expect(runs).toBe(8);
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      code: 'NEEDS_ATTENTION',
      details: { process: processId },
    });
    const shown = await node.operator.call(nodeOps.process, { processId });
    expect(shown).toMatchObject({
      state: 'NEEDS_ATTENTION',
      problem: 'its handler failed 8 times',
      steps: [{ name: 'a', operation: 'lab.put', code: 'SUCCESS', undo: 'lab.del' }],
    });

    run = async (_, ctx) => {
      await put(ctx, 'a');
      return { text: 'mended' };
    };
    await node.operator.call(nodeOps.retryProcess, { processId });
    await stateOf(processId, 'DONE');
    expect(await ana.result(lab.run, {}, { idempotencyKey })).toMatchObject({
      data: { text: 'mended' },
      replayed: true,
    });
    expect(await textsOf()).toEqual(['a']);
  });

  it('is given up by the operator: undone, its budget free, and its caller told', async () => {
    const agent = await agentOf(node, ana, { budget: { unit: 'EUR', total: '10' } });
    buy = async (_, ctx) => {
      await put(ctx, 'a');
      throw new TypeError('a defect');
    };
    const order = { amount: '4', unit: 'EUR' };
    const idempotencyKey = randomUUID();
    await agent.result(lab.buy, order, { idempotencyKey });
    const budget = () => node.kernel.services.grants.budget(agent.grant);
    expect(await budget()).toMatchObject({ spent: '0', reserved: '4' });
    const { items } = await node.operator.call(nodeOps.processes, {});
    const processId = items.find(({ subject }) => subject === ana.did)!.processId;
    expect(codeOf(await ana.result(nodeOps.abandonProcess, { processId }))).toBe('QONSENT_DENIED');
    await node.operator.call(nodeOps.abandonProcess, { processId });
    await stateOf(processId, 'UNDONE');
    expect(await budget()).toMatchObject({ spent: '0', reserved: '0' });
    expect(await textsOf()).toEqual([]);
    expect(await agent.result(lab.buy, order, { idempotencyKey })).toMatchObject({
      code: 'CANCELLED',
      message: expect.stringContaining('gave it up'),
    });
    expect(codeOf(await node.operator.result(nodeOps.abandonProcess, { processId }))).toBe(
      'STATE_CONFLICT',
    );
  });
});

describe('an undo that was refused', () => {
  beforeEach(() => {
    run = async (_, ctx) => {
      await put(ctx, 'a');
      undoRefuses = true;
      await put(ctx, 'b');
      undoRefuses = false;
      await put(ctx, 'c');
      await ctx.step('no', lab.reject, {});
      return { text: '' };
    };
  });

  it('is asked again when the operator has it go on, and nothing is undone twice', async () => {
    const idempotencyKey = randomUUID();
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('NEEDS_ATTENTION');
    expect(await textsOf()).toEqual(['a', 'b']);
    const [{ processId } = { processId: '' }] = await attention();
    // What the undo of b takes away is there now.
    await ana.call(lab.put, { id: 'not-there', text: 'in the way' });
    await node.operator.call(nodeOps.retryProcess, { processId });
    await stateOf(processId, 'UNDONE');
    expect(await textsOf()).toEqual(['b']);
    expect(codeOf(await ana.result(lab.run, {}, { idempotencyKey }))).toBe('STATE_CONFLICT');
  });

  it('stands when the operator gives up; everything else is undone', async () => {
    expect(codeOf(await ana.result(lab.run, {}))).toBe('NEEDS_ATTENTION');
    const [{ processId } = { processId: '' }] = await attention();
    await node.operator.call(nodeOps.abandonProcess, { processId });
    const shown = await stateOf(processId, 'ABANDONED');
    expect(shown.problem).toContain('not undone: b (QINDEX_NOT_FOUND)');
    expect(await textsOf()).toEqual(['b']);
  });
});

it('a process that needs attention is an event for the operator', async () => {
  run = async (_, ctx) => {
    undoRefuses = true;
    await put(ctx, 'a');
    await ctx.step('no', lab.reject, {});
    return { text: '' };
  };
  await ana.result(lab.run, {});
  const [parked] = await attention();
  const { events } = await node.kernel.events.read({
    tenant: node.kernel.node.tenant,
    topics: ['q.node.process.attention.v1'],
  });
  expect(events.at(-1)?.data).toMatchObject({
    processId: parked!.processId,
    problem: 'a could not be undone: QINDEX_NOT_FOUND',
  });
});
