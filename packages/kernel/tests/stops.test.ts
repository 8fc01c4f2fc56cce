import { randomUUID } from 'node:crypto';
import { node as nodeOps } from '@anarq/node-module/contract';
import { t } from '@anarq/common-schemas';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { call } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, custodial, grant, token } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;
let toil: NonNullable<LabHandlers['toil']>;
let run: NonNullable<LabHandlers['run']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['node', 'squid', 'qonsent'],
    extra: [
      labModule({ toil: (input, ctx) => toil(input, ctx), run: (input, ctx) => run(input, ctx) }),
    ],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  [ana, ben] = await Promise.all([node.person(`ana ${count}`), node.person(`ben ${count}`)]);
});

type Context = Pick<Parameters<typeof toil>[1], 'step'>;
const id = (name: string) => `${name}-${count}`;
const put = (ctx: Context, name: string) =>
  ctx.step(
    name,
    lab.put,
    { id: id(name), text: name },
    { undo: (done) => call(lab.del, { id: done.id }) },
  );
const items = async () =>
  (
    await node.store.read('SELECT id FROM lab_item WHERE id LIKE :like ORDER BY id', {
      like: `%-${count}`,
    })
  ).map((row) => row['id']);
const stateOf = async (processId: string) =>
  (await node.operator.call(nodeOps.process, { processId })).state;

describe('a stop of somebody', () => {
  it('ends its job, its waiting process and its sessions at once, and lists what stays', async () => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    toil = async (_, ctx) => {
      await put(ctx, 'job');
      reached.resolve();
      await go.promise;
      await put(ctx, 'more');
      return { text: '' };
    };
    run = async (_, ctx) => {
      await put(ctx, 'waits');
      await ctx.sleepUntil('later', new Date(ctx.now_ms + 3_600_000).toISOString());
      return { text: '' };
    };
    const kept = await ana.result(lab.put, { id: id('kept'), text: 'stays' });
    const { jobId } = await ana.call(lab.toil, {});
    await reached.promise;
    const waits = await ana.result(lab.run, {}, { idempotencyKey: randomUUID() });
    expect(codeOf(waits)).toBe('CALL_IN_PROGRESS');

    const stopped = await node.operator.call(squid.stop, { who: ana.did });
    expect(stopped).toMatchObject({ did: ana.did, status: 'suspended' });
    expect(stopped.stopped.list.map(({ operation }) => operation).toSorted()).toEqual([
      'lab.run',
      'lab.toil',
    ]);
    expect(stopped.settled.list.map(({ record }) => record)).toContain(
      kept.status === 'ok' ? kept.cid : '',
    );
    expect(codeOf(await ana.result(lab.list, {}))).toBe('SQUID_IDENTITY_INVALID');
    go.resolve();
    await vi.waitFor(
      async () => {
        for (const { processId } of stopped.stopped.list)
          expect(await stateOf(processId)).toBe('UNDONE');
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(stopped.stopped.list.map(({ processId }) => processId)).toContain(jobId);
    expect(await items()).toEqual([id('kept')]);

    await node.operator.call(squid.start, { who: ana.did });
    expect(codeOf(await ana.result(lab.get, { id: id('kept') }))).toBe('SUCCESS');
    expect(await items()).toEqual([id('kept')]);
  });

  it('reaches what others do on its authority, and leaves what they do on their own', async () => {
    const bot = await custodial(node, `bot ${count}`);
    const onHers = node.withToken(bot, await token(node, bot, await grant(node, ana, bot)));
    run = async (_, ctx) => {
      await ctx.waitForSignal('go', { schema: t.object({}), timeout_ms: 3_600_000 });
      return { text: '' };
    };
    await onHers.result(lab.run, {}, { idempotencyKey: randomUUID() });
    await ben.result(lab.run, {}, { idempotencyKey: randomUUID() });
    const stopped = await node.operator.call(squid.stop, { who: ana.did });
    expect(stopped.stopped.processes).toBe(1);
    expect(codeOf(await onHers.result(lab.list, {}))).toBe('QONSENT_DENIED');
    const { items: open } = await node.operator.call(nodeOps.processes, {});
    expect(open.filter(({ subject }) => subject === ben.did)).toHaveLength(1);
  });

  it('that is an organisation reaches what its members do for it, and not what they do for themselves', async () => {
    const name = `house ${count}`;
    const { did: house } = await ana.call(squid.createOrganisation, { name });
    run = async (_, ctx) => {
      await ctx.waitForSignal('go', { schema: t.object({}), timeout_ms: 3_600_000 });
      return { text: '' };
    };
    const forHouse = { subject: house };
    expect(codeOf(await ana.result(lab.list, {}, forHouse))).toBe('SUCCESS');
    await ana.result(lab.run, {}, { ...forHouse, idempotencyKey: randomUUID() });
    await ana.result(lab.run, {}, { idempotencyKey: randomUUID() });
    const stopped = await node.operator.call(squid.stop, { who: house });
    expect(stopped).toMatchObject({ did: house, status: 'suspended', stopped: { processes: 1 } });
    expect(codeOf(await ana.result(lab.list, {}, forHouse))).not.toBe('SUCCESS');
    expect(codeOf(await ana.result(lab.list, {}))).toBe('SUCCESS');
    for (const { processId } of stopped.stopped.list)
      await vi.waitFor(async () => expect(await stateOf(processId)).toBe('UNDONE'), 20_000);
    const { items: open } = await node.operator.call(nodeOps.processes, {});
    expect(open.map(({ subject }) => subject)).toContain(ana.did);
    expect(open.map(({ subject }) => subject)).not.toContain(house);
    await node.operator.call(squid.start, { who: house });
    expect(codeOf(await ana.result(lab.list, {}, forHouse))).toBe('SUCCESS');
  });

  it('ends its sessions and tokens for good: they do not come back with it', async () => {
    const bot = await custodial(node, `bot ${count}`);
    const agent = node.withToken(bot, await token(node, bot, await grant(node, ana, bot)));
    expect(codeOf(await agent.result(lab.list, {}))).toBe('SUCCESS');
    const stopped = await node.operator.call(squid.stop, { who: bot });
    expect(stopped.stopped.tokens).toBe(1);
    expect(codeOf(await agent.result(lab.list, {}))).not.toBe('SUCCESS');
    await node.operator.call(squid.start, { who: bot });
    expect(codeOf(await agent.result(lab.list, {}))).toBe('GRANT_REVOKED');
  });

  it('is for whom may suspend it, and counts also after the node started again', async () => {
    expect(codeOf(await ben.result(squid.stop, { who: ana.did }))).toBe('QONSENT_DENIED');
    expect(codeOf(await node.operator.result(squid.stop, { who: 'nobody of that name' }))).toBe(
      'QINDEX_NOT_FOUND',
    );
    await node.operator.call(squid.stop, { who: ana.did });
    const before_ms = Date.now() - 60_000;
    await node.restart();
    const { stops } = node.kernel.services;
    expect(stops.endedBy([ana.did], before_ms)).toBe(ana.did);
    expect(stops.endedBy([ana.did], Date.now() + 60_000)).toBeUndefined();
    expect(codeOf(await ana.result(lab.list, {}))).toBe('SQUID_IDENTITY_INVALID');
  });
});
