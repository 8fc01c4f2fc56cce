import { randomUUID } from 'node:crypto';
import { t } from '@anarq/common-schemas';
import { node as nodeOps } from '@anarq/node-module/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant } from './support.ts';

const HOUR_MS = 3_600_000;
let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;
/** How far the clock of the node is off. */
let ahead_ms = 0;
let run: NonNullable<LabHandlers['run']>;
let runs = 0;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['node'],
    extra: [
      labModule({
        run: (input, ctx) => {
          runs += 1;
          return run(input, ctx);
        },
      }),
    ],
    now_ms: () => Date.now() + ahead_ms,
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  ahead_ms = 0;
  runs = 0;
  count += 1;
  [ana, ben] = await Promise.all([node.person(`ana ${count}`), node.person(`ben ${count}`)]);
  node.errors.length = 0;
});

const id = (name: string) => `${name}-${count}`;
const at = async (offset_ms: number) => {
  ahead_ms = offset_ms;
  await node.kernel.lookAtClock();
  ahead_ms = 0;
};
const textsOf = async () => (await ana.call(lab.list, {})).items.map(({ text }) => text).toSorted();
/** Makes a call that will wait; its process, and how to ask for its answer. */
async function begin() {
  const idempotencyKey = randomUUID();
  const first = await ana.result(lab.run, {}, { idempotencyKey });
  expect(first).toMatchObject({ code: 'CALL_IN_PROGRESS', retryable: true });
  const processId = String(first.status === 'error' ? first.details?.['process'] : '');
  const answer = () =>
    vi.waitFor(
      async () => {
        const result = await ana.result(lab.run, {}, { idempotencyKey });
        expect(codeOf(result)).not.toBe('CALL_IN_PROGRESS');
        return result;
      },
      { timeout: 20_000, interval: 50 },
    );
  return { processId, answer, first };
}

describe('a process that sleeps', () => {
  beforeEach(() => {
    run = async (_, ctx) => {
      await ctx.step('before', lab.put, { id: id('before'), text: 'before' });
      await ctx.sleepUntil('night', new Date(ctx.now_ms + HOUR_MS).toISOString());
      await ctx.step('after', lab.put, { id: id('after'), text: 'after' });
      return { text: 'awake' };
    };
  });

  it('tells its caller what it waits for, and goes on at its time', async () => {
    const { first, answer } = await begin();
    expect(first).toMatchObject({ details: { waitingFor: 'night' } });
    await at(HOUR_MS - 60_000);
    expect(await textsOf()).toEqual(['before']);
    await at(HOUR_MS + 1);
    expect(await answer()).toMatchObject({ status: 'ok', data: { text: 'awake' } });
    expect(await textsOf()).toEqual(['after', 'before']);
    expect(node.errors).toEqual([]);
  });

  it('is not run again by a restart, and goes on at its time after one', async () => {
    const { answer } = await begin();
    await node.restart();
    expect(runs).toBe(1);
    await at(HOUR_MS + 1);
    expect(await answer()).toMatchObject({ status: 'ok' });
    expect(await textsOf()).toEqual(['after', 'before']);
  });

  it('whose time came while the node was down goes on when it is back', async () => {
    const { answer } = await begin();
    ahead_ms = 2 * HOUR_MS;
    await node.restart();
    await node.kernel.lookAtClock();
    ahead_ms = 0;
    expect(await answer()).toMatchObject({ status: 'ok', data: { text: 'awake' } });
  });

  it('goes on once, also where the clock jumps ahead and back', async () => {
    const { answer } = await begin();
    await at(-10 * HOUR_MS);
    await at(HOUR_MS + 1);
    await at(-10 * HOUR_MS);
    await at(50 * HOUR_MS);
    expect(await answer()).toMatchObject({ status: 'ok' });
    expect(runs).toBe(2);
    expect(await textsOf()).toEqual(['after', 'before']);
  });
});

describe('a process that waits for a signal', () => {
  beforeEach(() => {
    run = async (_, ctx) => {
      const signal = await ctx.waitForSignal('parcel', {
        schema: t.object({ weight: t.integer() }),
        timeout_ms: HOUR_MS,
      });
      return { text: signal === undefined ? 'none came' : `weighs ${signal.weight}` };
    };
  });

  it('gets it from its owner, once, and only as it expects it', async () => {
    const { processId, answer } = await begin();
    const send = (who: Actor, name: string, payload: { weight: number | string }) =>
      who.result(nodeOps.signal, { processId, name, payload });
    expect(codeOf(await send(ben, 'parcel', { weight: 3 }))).toBe('QONSENT_DENIED');
    expect(codeOf(await send(ana, 'parcel', { weight: 'much' }))).toBe('INPUT_INVALID');
    expect(await send(ana, 'letter', { weight: 3 })).toMatchObject({
      code: 'STATE_CONFLICT',
      message: expect.stringContaining('it waits for parcel'),
    });
    const both = await Promise.all([1, 2].map((weight) => send(ana, 'parcel', { weight })));
    expect(both.map(codeOf).toSorted()).toEqual(['STATE_CONFLICT', 'SUCCESS']);
    const taken = both.findIndex(({ status }) => status === 'ok') + 1;
    expect(await answer()).toMatchObject({ data: { text: `weighs ${taken}` } });
  });

  it('gets it from whom its owner lets', async () => {
    const { processId, answer } = await begin();
    await grant(node, ana, ben.did, { command: '/node/signal' });
    await ben.call(nodeOps.signal, { processId, name: 'parcel', payload: { weight: 7 } });
    expect(await answer()).toMatchObject({ data: { text: 'weighs 7' } });
  });

  it('goes on without it when the time is over, also after a restart', async () => {
    const { processId, answer } = await begin();
    await node.restart();
    await at(HOUR_MS + 1_000);
    expect(await answer()).toMatchObject({ data: { text: 'none came' } });
    const late = await ana.result(nodeOps.signal, { processId, name: 'parcel', payload: {} });
    expect(codeOf(late)).toBe('STATE_CONFLICT');
  });
});

describe('a process that asks a person', () => {
  beforeEach(() => {
    run = async (_, ctx) => {
      const said = await ctx.waitForApproval('boss', {
        question: 'May I?',
        approver: ben.did,
        expires: new Date(ctx.now_ms + HOUR_MS).toISOString(),
      });
      return { text: `${said.answer} ${said.note ?? ''}`.trim() };
    };
  });

  it('goes on with the answer of who was asked, across a restart', async () => {
    const { processId, answer } = await begin();
    await node.restart();
    const { items } = await ben.call(nodeOps.approvals, {});
    expect(items).toMatchObject([
      { processId, question: 'May I?', operation: 'lab.run', subject: ana.did },
    ]);
    expect((await ana.call(nodeOps.approvals, {})).items).toEqual([]);
    const { approvalId } = items[0]!;
    expect(codeOf(await ana.result(nodeOps.approve, { approvalId }))).toBe('QONSENT_DENIED');
    await ben.call(nodeOps.approve, { approvalId, note: 'go ahead' });
    expect(await answer()).toMatchObject({ data: { text: 'APPROVED go ahead' } });
    expect((await ben.call(nodeOps.approvals, {})).items).toEqual([]);
    expect(codeOf(await ben.result(nodeOps.refuse, { approvalId }))).toBe('STATE_CONFLICT');
  });

  it('goes on with a refusal', async () => {
    const { answer } = await begin();
    const [asked] = (await ben.call(nodeOps.approvals, {})).items;
    await ben.call(nodeOps.refuse, { approvalId: asked!.approvalId });
    expect(await answer()).toMatchObject({ data: { text: 'REFUSED' } });
  });

  it('learns that nobody answered in time', async () => {
    const { answer } = await begin();
    await at(HOUR_MS + 1_000);
    expect(await answer()).toMatchObject({ data: { text: 'EXPIRED' } });
  });

  it('says so in events of the contract', async () => {
    const { answer } = await begin();
    const [asked] = (await ben.call(nodeOps.approvals, {})).items;
    await ben.call(nodeOps.approve, { approvalId: asked!.approvalId });
    await answer();
    const { events } = await node.kernel.events.read({
      tenant: node.kernel.node.tenant,
      subject: ben.did,
      topics: ['q.node.*'],
    });
    expect(events.map(({ type }) => type)).toEqual([
      'q.node.approval.asked.v1',
      'q.node.approval.answered.v1',
    ]);
  });
});

it('a process whose step waits goes on when that one does', async () => {
  const waiting = await startTestNode({
    modules: ['node'],
    extra: [
      labModule({
        run: async (_, ctx) => ctx.step('inner', lab.inner, {}),
        inner: async (_, ctx) => {
          await ctx.waitForSignal('go', { schema: t.object({}) });
          return { text: 'went' };
        },
      }),
    ],
  });
  try {
    const idempotencyKey = randomUUID();
    const eva = await waiting.person('eva');
    const first = await eva.result(lab.run, {}, { idempotencyKey });
    expect(first).toMatchObject({ code: 'CALL_IN_PROGRESS', details: { waitingFor: 'inner' } });
    await waiting.restart();
    const { items } = await waiting.operator.call(nodeOps.processes, {});
    const child = items.find(({ operation }) => operation === 'lab.inner');
    await eva.call(nodeOps.signal, { processId: child!.processId, name: 'go', payload: {} });
    await vi.waitFor(
      async () =>
        expect(await eva.result(lab.run, {}, { idempotencyKey })).toMatchObject({
          data: { text: 'went' },
        }),
      { timeout: 20_000, interval: 50 },
    );
  } finally {
    await waiting.close();
  }
});
