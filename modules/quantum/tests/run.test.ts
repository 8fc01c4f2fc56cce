import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { node as nodeOps } from '@anarq/node-module/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { quantum } from '../src/contract.ts';
import { BELL, ended, fund, MODULES, moneyOf, ran, setPrices, SLOW } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
beforeAll(async () => {
  node = await startTestNode({ modules: MODULES });
  [ana, ben] = await Promise.all([node.person('ana'), node.person('ben')]);
});
afterAll(() => node.close());

const sum = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((all, { count }) => all + count, 0);

describe('a run that is free', () => {
  it('answers at once with a job, and has its counts and where they come from in the end', async () => {
    const { job, result } = await ran(ana, { text: BELL, seed: '7', shots: 1_000 });
    expect(job).toMatchObject({ operation: 'quantum.run', state: 'DONE' });
    expect(result).toMatchObject({
      price: '0',
      shots: 1_000,
      seed: '7',
      outcomes: 2,
      circuit: { qubits: 2, bits: 2, registers: [{ name: 'c', size: 2 }], measuresAll: false },
      provenance: { seed: '7', circuitHash: result.circuit.circuitHash },
    });
    expect(result.counts.map(({ bits }) => bits).toSorted()).toEqual(['00', '11']);
    expect(sum(result.counts)).toBe(1_000);
    const read = await ana.call(quantum.result, { runId: result.runId });
    expect(read).toEqual({ ...result, jobId: job.jobId });
  });

  it('has the same result with the same seed, and says which seed the node chose', async () => {
    const first = await ran(ana, { text: BELL });
    const again = await ran(ana, { text: BELL, seed: first.result.seed });
    expect(again.result.counts).toEqual(first.result.counts);
    expect(again.result.provenance.resultHash).toBe(first.result.provenance.resultHash);
    const other = await ran(ana, { text: BELL });
    expect(other.result.seed).not.toBe(first.result.seed);
  });

  it('is its owner’s, in the list and by its id', async () => {
    const { result, job } = await ran(ana, { text: BELL, name: 'bell' });
    const { runId } = result;
    const [newest] = (await ana.call(quantum.runs, { limit: 1 })).items;
    expect(newest).toMatchObject({ runId, jobId: job.jobId, name: 'bell', state: 'DONE' });
    expect((await ben.call(quantum.runs, {})).items).toEqual([]);
    expect(await ben.result(quantum.result, { runId })).toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('tells by its job which part of it is done, until it is cancelled', async () => {
    const { jobId } = await ana.call(quantum.run, { text: SLOW, shots: 5_000_000 });
    const progress = await vi.waitFor(
      async () => {
        const job = await ana.call(nodeOps.job, { jobId });
        expect(job.progress?.note).toMatch(/: \d+ of 5000000 shots$/);
        return job.progress;
      },
      { timeout: 30_000, interval: 20 },
    );
    expect(progress).toMatchObject({ total: 1_000 });
    expect(progress?.done).toBeGreaterThanOrEqual(500);
    expect(progress?.done).toBeLessThan(1_000);
    await ana.call(nodeOps.cancelJob, { jobId });
    expect(await ended(ana, jobId)).toMatchObject({ state: 'CANCELLED' });
  });

  it('is not moved on by anybody but its job', async () => {
    const { result } = await ran(ana, { text: BELL });
    const { runId } = result;
    for (const answer of [
      await ana.result(quantum.admit, { text: BELL }),
      await ana.result(quantum.keep, { runId }),
      await ana.result(quantum.drop, { runId }),
    ])
      expect(answer).toMatchObject({ code: 'STATE_CONFLICT' });
  });
});

describe('a run with a price', () => {
  beforeAll(() => setPrices(node));
  afterAll(() => setPrices(node, { unit: 'EUR', perJob: '0', perSecond: '0', perGibSecond: '0' }));

  it('takes what it measured, gives back the rest of what it held, and pays the operator', async () => {
    const payer = await node.person('payer');
    await fund(node, payer, '10');
    const before = await moneyOf(node.operator);
    const { result } = await ran(payer, { text: BELL, maxPrice: '1', unit: 'EUR' });
    expect(result).toMatchObject({ price: '0.11', unit: 'EUR' });
    expect(await moneyOf(payer)).toEqual({ balance: '9.89', held: '0' });
    const after = await moneyOf(node.operator);
    expect(Number(after.balance) - Number(before.balance)).toBeCloseTo(0.11, 9);
    const [run] = (await payer.call(quantum.runs, {})).items;
    expect(run).toMatchObject({ price: '0.11', held: '0.13' });
  });
});
