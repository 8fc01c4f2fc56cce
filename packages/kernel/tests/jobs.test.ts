import { randomUUID } from 'node:crypto';
import { node as nodeOps } from '@anarq/node-module/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, type JobNews } from '../src/index.ts';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let count = 0;
let now_ms = Date.now();
let toil: NonNullable<LabHandlers['toil']>;
let run: NonNullable<LabHandlers['run']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['node'],
    extra: [
      labModule({ toil: (input, ctx) => toil(input, ctx), run: (input, ctx) => run(input, ctx) }),
    ],
    now_ms: () => now_ms,
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  now_ms = Date.now();
  count += 1;
  [ana, ben] = await Promise.all([node.person(`ana ${count}`), node.person(`ben ${count}`)]);
  node.errors.length = 0;
});

const id = (name: string) => `${name}-${count}`;
type Context = Parameters<typeof toil>[1];
const put = (ctx: Context, name: string) =>
  ctx.step(
    name,
    lab.put,
    { id: id(name), text: name },
    { undo: (done) => call(lab.del, { id: done.id }) },
  );
const textsOf = async (who = ana) =>
  (await who.call(lab.list, {})).items.map(({ text }) => text).toSorted();
const ended = async (jobId: string, who = ana) =>
  vi.waitFor(
    async () => {
      const job = await who.call(nodeOps.job, { jobId });
      expect(['DONE', 'FAILED', 'CANCELLED', 'NEEDS_ATTENTION']).toContain(job.state);
      return job;
    },
    { timeout: 20_000, interval: 50 },
  );
/** A handler that holds still between two steps, until it is let go on. */
function held() {
  const reached = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  return { reached, go };
}

describe('a job', () => {
  it('answers at once, and has its result when it is done', async () => {
    const { reached, go } = held();
    toil = async (_, ctx) => {
      await put(ctx, 'a');
      reached.resolve();
      await go.promise;
      await put(ctx, 'b');
      return { text: 'all of it' };
    };
    const idempotencyKey = randomUUID();
    const answer = await ana.result(lab.toil, {}, { idempotencyKey });
    expect(answer).toMatchObject({ status: 'ok', data: { state: 'RUNNING' } });
    const { jobId } = await ana.call(lab.toil, {}, { idempotencyKey });
    await reached.promise;
    expect(await ana.call(nodeOps.job, { jobId })).toMatchObject({ state: 'RUNNING' });
    go.resolve();
    expect(await ended(jobId)).toMatchObject({
      operation: 'lab.toil',
      state: 'DONE',
      result: { text: 'all of it' },
      record: answer.cid,
    });
    expect(await textsOf()).toEqual(['a', 'b']);
    expect((await ana.call(nodeOps.jobs, {})).items.map((job) => job.jobId)).toEqual([jobId]);
    expect((await ben.call(nodeOps.jobs, {})).items).toEqual([]);
  });

  it('is its owner’s, and of whom the owner lets', async () => {
    toil = () => ({ text: '' });
    const { jobId } = await ana.call(lab.toil, {});
    expect(codeOf(await ben.result(nodeOps.job, { jobId }))).toBe('QONSENT_DENIED');
    expect(codeOf(await ben.result(nodeOps.cancelJob, { jobId }))).toBe('QONSENT_DENIED');
    await grant(node, ana, ben.did, { command: '/node/job' });
    expect((await ben.call(nodeOps.job, { jobId })).jobId).toBe(jobId);
  });

  it('tells how far it is, also to whoever watches it', async () => {
    const { reached, go } = held();
    toil = async (_, ctx) => {
      ctx.progress(1, 3, 'the first');
      reached.resolve();
      await go.promise;
      ctx.progress(3, 3);
      return { text: '' };
    };
    const { jobId } = await ana.call(lab.toil, {});
    const news: JobNews[] = [];
    node.kernel.services.processes.watch(jobId, (one) => news.push(one));
    await reached.promise;
    expect(await ana.call(nodeOps.job, { jobId })).toMatchObject({
      progress: { done: 1, total: 3, note: 'the first' },
    });
    go.resolve();
    expect(await ended(jobId)).toMatchObject({ progress: { done: 3, total: 3 } });
    expect(news.slice(-2)).toMatchObject([
      { jobId, isEnded: false, progress: { done: 3, total: 3 } },
      { jobId, isEnded: true },
    ]);
  });

  it('that is refused has undone what it did, and says why', async () => {
    toil = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.step('no', lab.reject, {});
      return { text: '' };
    };
    const { jobId } = await ana.call(lab.toil, {});
    expect(await ended(jobId)).toMatchObject({
      state: 'FAILED',
      error: { code: 'STATE_CONFLICT', message: 'It always refuses.' },
    });
    expect(await textsOf()).toEqual([]);
  });

  it('that is cancelled does not begin its next step, and undoes those before', async () => {
    const { reached, go } = held();
    const seen: boolean[] = [];
    toil = async (_, ctx) => {
      await put(ctx, 'a');
      seen.push(ctx.cancelled());
      reached.resolve();
      await go.promise;
      seen.push(ctx.cancelled());
      await put(ctx, 'b').catch(() => undefined);
      return { text: 'as if nothing were' };
    };
    const { jobId } = await ana.call(lab.toil, {});
    await reached.promise;
    expect(await ana.call(nodeOps.cancelJob, { jobId })).toEqual({ jobId, state: 'STOPPING' });
    go.resolve();
    expect(await ended(jobId)).toMatchObject({ state: 'CANCELLED', error: { code: 'CANCELLED' } });
    expect(seen).toEqual([false, true]);
    expect(await textsOf()).toEqual([]);
    expect(codeOf(await ana.result(nodeOps.cancelJob, { jobId }))).toBe('STATE_CONFLICT');
  });

  it('that is cancelled while it commits its outcome is undone, not done', async () => {
    let jobId = '';
    toil = async (_, ctx) => {
      await put(ctx, 'a');
      await vi.waitFor(() => expect(jobId).not.toBe(''));
      await ana.call(nodeOps.cancelJob, { jobId });
      return { text: 'done, were it not cancelled' };
    };
    ({ jobId } = await ana.call(lab.toil, {}));
    expect(await ended(jobId)).toMatchObject({ state: 'CANCELLED' });
    expect(await textsOf()).toEqual([]);
  });

  it('that is past its deadline is stopped and undone', async () => {
    toil = async (_, ctx) => {
      await put(ctx, 'a');
      await ctx.sleepUntil('long', new Date(ctx.now_ms + 86_400_000).toISOString());
      return { text: '' };
    };
    const { jobId } = await ana.call(lab.toil, {});
    await vi.waitFor(async () =>
      expect(await ana.call(nodeOps.job, { jobId })).toMatchObject({
        state: 'WAITING',
        waitsFor: [{ name: 'long', kind: 'sleep' }],
      }),
    );
    now_ms += 3_600_001;
    await node.kernel.lookAtClock();
    now_ms = Date.now();
    expect(await ended(jobId)).toMatchObject({
      state: 'FAILED',
      error: { code: 'DEADLINE_EXCEEDED' },
    });
    expect(await textsOf()).toEqual([]);
  });

  it('goes on after a restart, with what it had', async () => {
    let runs = 0;
    const { reached, go } = held();
    toil = async (_, ctx) => {
      runs += 1;
      await put(ctx, 'a');
      ctx.progress(1, 2);
      if (runs === 1) {
        reached.resolve();
        await go.promise;
        throw new Error('the power went away');
      }
      await put(ctx, 'b');
      return { text: 'in the end' };
    };
    const { jobId } = await ana.call(lab.toil, {});
    await reached.promise;
    go.resolve();
    await node.restart();
    expect(await ended(jobId)).toMatchObject({ state: 'DONE', result: { text: 'in the end' } });
    expect(await textsOf()).toEqual(['a', 'b']);
  });

  it('as a step of a process is begun, and does not hold it up', async () => {
    toil = async (_, ctx) => {
      await put(ctx, 'later');
      return { text: '' };
    };
    run = async (_, ctx) => {
      const { jobId } = await ctx.step('begin', lab.toil, {});
      return { text: jobId };
    };
    const { text: jobId } = await ana.call(lab.run, {});
    expect(await ended(jobId)).toMatchObject({ state: 'DONE' });
    expect(await textsOf()).toEqual(['later']);
  });
});
