import { randomUUID } from 'node:crypto';
import { node as nodeOps } from '@anarq/node-module/contract';
import { t } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lab, labModule, type LabHandlers } from './lab.ts';

const HOUR_MS = 3_600_000;
let node: TestNode;
let ana: Actor;
let count = 0;
/** How far the clock of the node is off the time that passes. */
let offset_ms = 0;
let toil: NonNullable<LabHandlers['toil']>;
let run: NonNullable<LabHandlers['run']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['node', 'qerberos'],
    extra: [
      labModule({ toil: (input, ctx) => toil(input, ctx), run: (input, ctx) => run(input, ctx) }),
    ],
    now_ms: () => Date.now() + offset_ms,
    monotonic_ms: () => performance.now(),
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
  node.errors.length = 0;
});

const step = async (by_ms: number): Promise<void> => {
  offset_ms += by_ms;
  await node.kernel.lookAtClock();
};
const duesOf = async (kind: string): Promise<number[]> => {
  const rows = await node.store.read('SELECT due_ms FROM kernel_timer WHERE kind = :kind', {
    kind,
  });
  return rows.map((row) => Number(row['due_ms']) - (Date.now() + offset_ms));
};
/** Callers have the clock of the node. */
const skewed = () => ({ skew_ms: offset_ms });
const jobOf = (jobId: string) => ana.call(nodeOps.job, { jobId }, skewed());
/** Makes a call that will wait; its process, and its answer when it has one. */
async function begin() {
  const idempotencyKey = randomUUID();
  const ask = () => ana.result(lab.run, {}, { idempotencyKey, ...skewed() });
  const first = await ask();
  const processId = String(first.status === 'error' ? first.details?.['process'] : '');
  const answer = () =>
    vi.waitFor(
      async () => {
        const result = await ask();
        expect(result.code).not.toBe('CALL_IN_PROGRESS');
        return result;
      },
      { timeout: 20_000, interval: 50 },
    );
  return { processId, answer };
}

describe('a clock that jumps', () => {
  it.each([
    ['forward', 3 * HOUR_MS],
    ['back', -3 * HOUR_MS],
  ])('%s ends no job before its deadline, nor after it', async (_name, by_ms) => {
    const reached = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    toil = async (_, ctx) => {
      await ctx.step('a', lab.put, { id: `a-${count}`, text: 'a' });
      reached.resolve();
      await go.promise;
      await ctx.step('b', lab.put, { id: `b-${count}`, text: 'b' });
      return { text: 'all of it' };
    };
    const { jobId } = await ana.call(lab.toil, {}, skewed());
    await reached.promise;
    const [before_ms = 0] = await duesOf('deadline');
    await step(by_ms);
    // An hour from its begin, whatever the clock says.
    const [after_ms = 0] = await duesOf('deadline');
    expect(Math.abs(after_ms - before_ms)).toBeLessThan(60_000);
    const { deadlineAt } = await jobOf(jobId);
    expect(
      Math.abs(Date.parse(deadlineAt ?? '') - (Date.now() + offset_ms) - after_ms),
    ).toBeLessThan(60_000);
    expect((await jobOf(jobId)).state).toBe('RUNNING');
    go.resolve();
    await vi.waitFor(async () => expect((await jobOf(jobId)).state).toBe('DONE'), 20_000);
  });

  it('wakes a process at the instant that it named, once, however often the clock passes it', async () => {
    let woken = 0;
    const until = new Date(Date.now() + offset_ms + HOUR_MS).toISOString();
    run = async (_, ctx) => {
      await ctx.sleepUntil('noon', until);
      woken += 1;
      return { text: 'awake' };
    };
    const { answer } = await begin();
    expect(await duesOf('wait')).toHaveLength(1);
    await step(HOUR_MS + 1_000);
    expect(await answer()).toMatchObject({ status: 'ok' });
    await step(-2 * HOUR_MS);
    await step(2 * HOUR_MS);
    expect(woken).toBe(1);
    expect(await duesOf('wait')).toEqual([]);
  });

  it('lets a process wait for a signal as long as it said', async () => {
    run = async (_, ctx) => {
      const signal = await ctx.waitForSignal('parcel', {
        schema: t.object({ weight: t.integer() }),
        timeout_ms: HOUR_MS,
      });
      return { text: signal === undefined ? 'none came' : 'came' };
    };
    const { processId, answer } = await begin();
    expect(await duesOf('wait')).toHaveLength(1);
    await step(2 * HOUR_MS);
    const [left_ms = 0] = await duesOf('wait');
    expect(left_ms).toBeGreaterThan(HOUR_MS - 60_000);
    expect(left_ms).toBeLessThanOrEqual(HOUR_MS);
    const signal = { processId, name: 'parcel', payload: { weight: 1 } };
    await ana.call(nodeOps.signal, signal, skewed());
    expect(await answer()).toMatchObject({ status: 'ok', data: { text: 'came' } });
  });

  it('is told, and leaves the records in the order in which they were committed', async () => {
    await ana.call(lab.put, { id: `first-${count}`, text: '1' }, skewed());
    await step(HOUR_MS);
    await ana.call(lab.put, { id: `second-${count}`, text: '2' }, skewed());
    expect(node.errors.map(String).join()).toContain('jumped forward by 3600 s');
    await step(-HOUR_MS);
    await ana.call(lab.put, { id: `third-${count}`, text: '3' }, skewed());
    expect(node.errors.map(String).join()).toContain('jumped back by 3600 s');
    await node.kernel.services.log.integrate();
    const rows = await node.store.read(
      `SELECT r.at_ms FROM log_leaf l JOIN log_record r ON r.seq = l.seq
       WHERE r.op = 'lab.put' ORDER BY l.leaf_index DESC LIMIT 3`,
    );
    const [third = 0, second = 0, first = 0] = rows.map((row) => Number(row['at_ms']));
    expect(second - first).toBeGreaterThanOrEqual(HOUR_MS);
    expect(second - third).toBeGreaterThan(HOUR_MS - 60_000);
    expect((await node.kernel.services.log.verifySelf()).problems).toEqual([]);
  });

  it('that is slewed, or read late, has not jumped', async () => {
    for (let i = 0; i < 5; i++) await step(1_500);
    expect(node.errors).toEqual([]);
    const [row] = await node.store.read(`SELECT value FROM kernel_meta WHERE key = 'clock_step'`);
    expect(JSON.parse(String(row?.['value']))).toMatchObject({ by_ms: expect.any(Number) });
  });
});
