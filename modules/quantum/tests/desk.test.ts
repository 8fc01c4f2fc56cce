import { setTimeout } from 'node:timers/promises';
import { QError } from '@anarq/common-schemas';
import { afterEach, describe, expect, it } from 'vitest';
import { Desk, type RunControl } from '../src/work/desk.ts';
import type { WorkOrder } from '../src/work/orders.ts';
import { BELL, SLOW } from './support.ts';

const MIB = 2 ** 20;
let desk: Desk;
afterEach(() => desk.close());

const order = (text = BELL, more: { shots?: number; memory_bytes?: number } = {}) => ({
  kind: 'run' as const,
  source: { text },
  asked: { shots: more.shots ?? 100 },
  seed: '7',
  memory_bytes: more.memory_bytes ?? MIB,
});
const control = (more: Partial<RunControl> = {}) => ({
  owner: more.owner ?? 'ana',
  priority: more.priority ?? 5,
  limit_ms: more.limit_ms ?? 60_000,
  isStopped: more.isStopped ?? (() => false),
  onBegin: more.onBegin ?? (() => undefined),
  ...(more.onProgress === undefined ? {} : { onProgress: more.onProgress }),
});
const codeOf = (doing: Promise<unknown>): Promise<string> =>
  doing.then(
    () => 'ok',
    (error: unknown) => (error instanceof QError ? error.code : String(error)),
  );
const hashOf = (runId: string) => desk.result(runId)?.resultHash;

describe('a desk', () => {
  it('replaces a worker that is killed, and the result is the same', async () => {
    desk = new Desk({ slots: 1 });
    await desk.run('calm', order(), control());
    const running = desk.run('killed', order(), control());
    await expect.poll(() => desk.workers()).toHaveLength(1);
    for (const pid of desk.workers()) process.kill(pid, 'SIGKILL');
    await running;
    expect(hashOf('killed')).toBe(hashOf('calm'));
  });

  it('gives up on a run whose worker ends each time', async () => {
    desk = new Desk({ slots: 1 });
    const killed = new AbortController();
    const killing = (async () => {
      while (!killed.signal.aborted) {
        for (const pid of desk.workers()) process.kill(pid, 'SIGKILL');
        await setTimeout(5);
      }
    })();
    const code = await codeOf(desk.run('doomed', order(SLOW, { shots: 1_000_000 }), control()));
    killed.abort();
    await killing;
    expect(code).toBe('STATE_CONFLICT');
    expect(desk.result('doomed')).toBeUndefined();
  });

  it('hears how far a run is while it computes, in order', async () => {
    desk = new Desk({ slots: 1 });
    const heard: { part: string; done: number; total: number }[] = [];
    const stop = new AbortController();
    const code = codeOf(
      desk.run(
        'long',
        order(SLOW, { shots: 1_000_000 }),
        control({
          isStopped: () => stop.signal.aborted,
          onProgress: (progress) => {
            heard.push(progress);
            if (heard.length === 3) stop.abort();
          },
        }),
      ),
    );
    expect(await code).toBe('CANCELLED');
    const shots = heard.filter(({ part }) => part === 'shots');
    expect(shots.length).toBeGreaterThan(0);
    for (const { total } of shots) expect(total).toBe(1_000_000);
    const done = shots.map((one) => one.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBeLessThan(1_000_000);
  });

  it('measures what runs large states once, and then has one estimate for a circuit', async () => {
    desk = new Desk({ slots: 1 });
    const wide = `OPENQASM 3.0; include "stdgates.inc"; qubit[19] q; bit[19] c;
      for int i in [0:18] { ry(0.3) q[i]; } for int i in [0:17] { cx q[i], q[i + 1]; }
      for int i in [0:18] { ry(0.3) q[i]; } for int i in [0:17] { cx q[i], q[i + 1]; } c = measure q;`;
    const plan: WorkOrder & { kind: 'plan' } = {
      kind: 'plan',
      source: { text: wide },
      asked: { precision: 'f32', method: 'statevector' },
      memory_bytes: 2 ** 28,
    };
    const [first, again] = [await desk.plan(plan), await desk.plan(plan)];
    expect(first).toEqual(again);
    const guessed = await desk.ask(plan);
    // It was measured on what runs it, which passes over many more amplitudes than plain TypeScript.
    expect(first.duration_us).toBeLessThan(guessed.duration_us);
  });

  it('stops a run that is cancelled, one that is out of time, and all of them when it closes', async () => {
    desk = new Desk({ slots: 2 });
    const slow = order(SLOW, { shots: 10_000_000 });
    let isStopped = false;
    const cancelled = codeOf(desk.run('cancelled', slow, control({ isStopped: () => isStopped })));
    const late = codeOf(desk.run('late', slow, control({ limit_ms: 300 })));
    const waiting = codeOf(desk.run('waiting', slow, control()));
    await expect.poll(() => desk.stateOf('waiting')).toBe('QUEUED');
    expect(await late).toBe('DEADLINE_EXCEEDED');
    await expect.poll(() => desk.stateOf('waiting')).toBe('RUNNING');
    isStopped = true;
    expect(await cancelled).toBe('CANCELLED');
    desk.close();
    expect(await waiting).toBe('SERVICE_UNAVAILABLE');
    await expect.poll(() => desk.workers()).toEqual([]);
  });

  it('admits runs by their memory, in the order in which they came', async () => {
    desk = new Desk({ slots: 8, memory_bytes: 1_024 * MIB });
    let isStopped = false;
    const large = { shots: 10_000_000, memory_bytes: 600 * MIB };
    const first = codeOf(
      desk.run('first', order(SLOW, large), control({ isStopped: () => isStopped })),
    );
    await expect.poll(() => desk.stateOf('first')).toBe('RUNNING');
    const ended: string[] = [];
    const second = desk
      .run('second', order(BELL, { memory_bytes: 600 * MIB }), control())
      .then(() => ended.push('second'));
    const third = desk.run('third', order(), control()).then(() => ended.push('third'));
    await setTimeout(200);
    // There would be room for the third, but it came later.
    expect([desk.stateOf('second'), desk.stateOf('third')]).toEqual(['QUEUED', 'QUEUED']);
    isStopped = true;
    await Promise.all([first, second, third]);
    expect(ended.toSorted()).toEqual(['second', 'third']);
    expect(
      await codeOf(desk.run('huge', order(BELL, { memory_bytes: 1_024 * MIB }), control())),
    ).toBe('LIMIT_EXCEEDED');
  });

  it('lets the runs of one owner in by priority, and those of another between them', async () => {
    desk = new Desk({ slots: 1 });
    let isStopped = false;
    const first = codeOf(
      desk.run(
        'first',
        order(SLOW, { shots: 10_000_000 }),
        control({ isStopped: () => isStopped }),
      ),
    );
    await expect.poll(() => desk.stateOf('first')).toBe('RUNNING');
    const begun: string[] = [];
    const waiting = [
      { name: 'ana low', owner: 'ana', priority: 1 },
      { name: 'ana high', owner: 'ana', priority: 9 },
      { name: 'ben', owner: 'ben', priority: 0 },
    ].map(({ name, ...more }) =>
      desk.run(name, order(), control({ ...more, onBegin: () => begun.push(name) })),
    );
    isStopped = true;
    await Promise.all([first, ...waiting]);
    expect(begun).toEqual(['ben', 'ana high', 'ana low']);
  });

  it('has no more than 16 runs of one owner wait, so that others can', async () => {
    desk = new Desk({ slots: 1 });
    const slow = order(SLOW, { shots: 10_000_000 });
    const all = Array.from({ length: 17 }, (_, at) =>
      codeOf(desk.run(`run ${at}`, slow, control())),
    );
    expect(await codeOf(desk.run('one more', slow, control()))).toBe('SERVICE_UNAVAILABLE');
    const other = codeOf(desk.run('other', slow, control({ owner: 'ben' })));
    expect(desk.stateOf('other')).toBe('QUEUED');
    desk.close();
    await Promise.all([...all, other]);
  });

  it('holds a result until it is forgotten, and computes it once', async () => {
    desk = new Desk({ slots: 1 });
    await desk.run('once', order(), control());
    const first = desk.result('once');
    await desk.run('once', order(), control());
    expect(desk.result('once')).toBe(first);
    desk.forget('once');
    expect(desk.result('once')).toBeUndefined();
  });
});
