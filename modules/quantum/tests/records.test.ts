import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { node as nodeOps } from '@anarq/node-module/contract';
import { openStore } from '@anarq/store';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantum } from '../src/contract.ts';
import { migrations } from '../src/store.ts';
import { BELL, ended, MODULES, ran, SLOW } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
beforeAll(async () => {
  node = await startTestNode({ modules: MODULES });
  [ana, ben] = await Promise.all([node.person('ana'), node.person('ben')]);
});
afterAll(() => node.close());

const runsOf = async (who: Actor, more: { state?: 'QUEUED' | 'RUNNING' | 'STOPPED' | 'DONE' }) =>
  (await who.call(quantum.runs, more)).items.map(({ runId }) => runId);

describe('the record of a run', () => {
  it('holds circuit, method, state, priority and result', async () => {
    const { result } = await ran(ana, { text: BELL, shots: 100, method: 'mps', priority: 8 });
    const { runId } = result;
    const record = await ana.call(quantum.get, { runId });
    expect(record.order).toEqual({ text: BELL, shots: 100, method: 'mps' });
    expect(record.run).toMatchObject({ runId, method: 'mps', state: 'DONE', priority: 8 });
    expect(record.result).toEqual(result);
    expect(await ben.result(quantum.get, { runId })).toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('has a priority in the middle unless one is said, from 0 to 9', async () => {
    const { result } = await ran(ana, { text: BELL });
    const { run } = await ana.call(quantum.get, { runId: result.runId });
    expect(run.priority).toBe(5);
    for (const priority of [-1, 10, 1.5])
      expect(await ana.result(quantum.run, { text: BELL, priority })).toMatchObject({
        code: 'INPUT_INVALID',
      });
  });

  it('is found by state and method, while it waits, runs, and after its end', async () => {
    const cem = await node.person('cem');
    const done = await ran(cem, { text: BELL, method: 'sparse' });
    expect(done.job).toMatchObject({ state: 'DONE' });
    // More than the node computes at once.
    const count = availableParallelism() + 3;
    const slow = { text: SLOW, shots: 10_000_000, timeLimit_s: 600 };
    const jobs = await Promise.all(
      Array.from({ length: count }, () => cem.call(quantum.run, slow)),
    ).then((all) => all.map(({ jobId }) => jobId));
    await expect
      .poll(async () => [
        (await runsOf(cem, {})).length,
        (await runsOf(cem, { state: 'RUNNING' })).length > 0,
      ])
      .toEqual([count + 1, true]);
    const running = await runsOf(cem, { state: 'RUNNING' });
    const waiting = await runsOf(cem, { state: 'QUEUED' });
    expect(new Set([...running, ...waiting]).size).toBe(count);
    expect(waiting.length).toBe(count - running.length);
    expect(await runsOf(cem, { state: 'DONE' })).toEqual([done.result.runId]);
    const bySparse = await cem.call(quantum.runs, { method: 'sparse' });
    expect(bySparse.items.map(({ runId }) => runId)).toEqual([done.result.runId]);
    // Page by page there are the same, each once.
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await cem.call(quantum.runs, {
        state: 'QUEUED',
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      paged.push(...page.items.map(({ runId }) => runId));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(paged).toEqual(waiting);

    for (const jobId of jobs) await cem.call(nodeOps.cancelJob, { jobId });
    for (const jobId of jobs) await ended(cem, jobId);
    expect((await runsOf(cem, { state: 'STOPPED' })).length).toBe(count);
    const [stopped = ''] = await runsOf(cem, { state: 'STOPPED' });
    const record = await cem.call(quantum.get, { runId: stopped });
    expect(record).toMatchObject({ order: { text: SLOW }, run: { state: 'STOPPED' } });
    expect(record.result).toBeUndefined();
  });
});

describe('the tables of runs', () => {
  it('of before are taken over, with the priority in the middle', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q-runs-'));
    const store = await openStore({ file: join(folder, 'store.sqlite') });
    try {
      await store.migrate('quantum', migrations.slice(0, 1));
      const texts = ['tenant', 'id', 'owner', 'state', 'job', 'ran_by', 'circuit_hash', 'seed'];
      const more = ['method', 'why', 'unit', 'prices'];
      const numbers = ['version', 'created_ms', 'updated_ms', 'qubits', 'shots', 'memory_bytes'];
      const moreNumbers = ['estimated_us', 'limit_ms', 'hold_minor'];
      const values = Object.fromEntries([
        ...[...texts, ...more].map((name) => [name, 'x'] as const),
        ...[...numbers, ...moreNumbers].map((name) => [name, 1] as const),
      ]);
      const names = Object.keys(values);
      await store.commit([
        {
          sql: `INSERT INTO quantum_run (${names.join(', ')}) VALUES (:${names.join(', :')})`,
          params: values,
        },
      ]);
      await store.migrate('quantum', migrations);
      expect(await store.read('SELECT id, priority FROM quantum_run')).toEqual([
        { id: 'x', priority: 5 },
      ]);
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
