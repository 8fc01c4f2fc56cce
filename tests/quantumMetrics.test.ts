import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import { startNode, type RunningNode } from '@anarq/node';
import { node as nodeOps } from '@anarq/node-module/contract';
import { quantum } from '@anarq/quantum/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BELL, SLOW } from '../modules/quantum/tests/support.ts';

/** What a node tells of the runs of circuits, as Prometheus reads it. */
let folder: string;
let node: RunningNode;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-quantum-metrics-'));
  node = await startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: '1.2.3-metrics',
  });
  client = createClient({
    contracts: [quantum, nodeOps],
    transport: http({
      url: node.url,
      credentials: keys({
        did: node.address.operator,
        seed: node.operatorSeed,
        nodeDid: node.address.node,
      }),
    }),
  });
});
afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

const scrape = async () => (await fetch(`${node.url}/metrics`)).text();

/** The value of a sample, by its name and labels as they stand in the text. */
function valueOf(text: string, sample: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? Number.NaN : Number(line.slice(sample.length + 1));
}

const endsOf = (text: string) =>
  Object.fromEntries(
    ['done', 'failed', 'cancelled', 'refused'].map((outcome) => [
      outcome,
      valueOf(text, `q_quantum_runs_total{outcome="${outcome}"}`),
    ]),
  );

async function ended(jobId: string): Promise<string> {
  let state = '';
  await expect
    .poll(async () => (state = (await client.call(nodeOps.job, { jobId })).state))
    .toMatch(/^(DONE|FAILED|CANCELLED)$/);
  return state;
}

describe('the metrics of runs', () => {
  it('tell how runs ended, how long those that are done computed, and with what', async () => {
    expect(endsOf(await scrape())).toEqual({ done: 0, failed: 0, cancelled: 0, refused: 0 });
    const bell = { text: BELL, shots: 100, name: 'a name of mine' };
    const vector = await client.call(quantum.run, { ...bell, method: 'statevector' });
    const noisy = await client.call(quantum.run, { ...bell, method: 'density', noise: 0.01 });
    const wrong = await client.call(quantum.run, { text: 'OPENQASM 3.0;\nfoo q;' });
    const late = await client.call(quantum.run, { text: SLOW, shots: 9_999_999, timeLimit_s: 1 });
    const stopped = await client.call(quantum.run, { text: SLOW, shots: 9_999_999 });
    await client.call(nodeOps.cancelJob, { jobId: stopped.jobId });
    expect(await ended(vector.jobId)).toBe('DONE');
    expect(await ended(noisy.jobId)).toBe('DONE');
    expect(await ended(wrong.jobId)).toBe('FAILED');
    expect(await ended(late.jobId)).toBe('FAILED');
    expect(await ended(stopped.jobId)).toBe('CANCELLED');

    const text = await scrape();
    expect(endsOf(text)).toMatchObject({ done: 2, failed: 1, refused: 1 });
    expect(valueOf(text, 'q_quantum_shots_total{method="statevector"}')).toBe(100);
    expect(valueOf(text, 'q_quantum_shots_total{method="density"}')).toBe(100);
    const { items } = await client.call(quantum.runs, { limit: 10 });
    for (const method of ['statevector', 'density']) {
      const labels = `{method="${method}",executor="typescript"}`;
      const run = items.find((item) => item.state === 'DONE' && item.method === method);
      expect(valueOf(text, `q_quantum_run_duration_seconds_count${labels}`)).toBe(1);
      expect(valueOf(text, `q_quantum_run_duration_seconds_sum${labels}`)).toBeCloseTo(
        (run?.duration_ms ?? Number.NaN) / 1_000,
        9,
      );
    }
    expect(valueOf(text, 'q_quantum_run_memory_bytes_count')).toBe(2);
  });

  it('count a run that was stopped while it computed', async () => {
    const before = endsOf(await scrape());
    const { jobId } = await client.call(quantum.run, { text: SLOW, shots: 9_999_999 });
    await expect
      .poll(async () => (await client.call(nodeOps.job, { jobId })).progress?.note)
      .toMatch(/^computes by /);
    await client.call(nodeOps.cancelJob, { jobId });
    expect(await ended(jobId)).toBe('CANCELLED');
    expect(endsOf(await scrape())).toEqual({
      ...before,
      cancelled: (before['cancelled'] ?? 0) + 1,
    });
  });

  it('name nobody, and nothing that was asked', async () => {
    const text = (await scrape()).split('\n').filter((line) => line.includes('q_quantum_'));
    expect(text.length).toBeGreaterThan(10);
    for (const line of text) {
      expect(line).not.toMatch(/did:|a name of mine|"run_/);
      for (const [, label = ''] of line.matchAll(/[{,]([a-z_]+)=/g))
        expect(['method', 'executor', 'outcome', 'le']).toContain(label);
    }
  });

  it('are in the file that says what the module counts', async () => {
    const file = join(import.meta.dirname, '../modules/quantum/observability/metrics.json');
    const { metrics } = JSON.parse(await readFile(file, 'utf8')) as {
      readonly metrics: readonly { readonly name: string; readonly type: string }[];
    };
    const text = await scrape();
    const own = metrics.filter(({ name }) => name.startsWith('q_quantum_'));
    expect(own.length).toBe(quantum.metrics.length);
    for (const { name, type } of own) expect(text).toContain(`# TYPE ${name} ${type}\n`);
  });
});
