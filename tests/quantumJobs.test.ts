import { randomUUID } from 'node:crypto';
import { bearer, createClient, http, keys, type Client } from '@anarq/common-clients';
import type { OutputOf } from '@anarq/common-schemas';
import { node as nodeOps } from '@anarq/node-module/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { quantum } from '@anarq/quantum/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentOf, onlyOperations, type Agent } from './delegates.ts';
import { bringIn, fund, startServedNode, UNIT, type Party, type ServedNode } from './servedNode.ts';

/** Runs of circuits as others reach them: over HTTP with keys of their own, over MCP with a token. */
const contracts = [squid, qonsent, qwallet, nodeOps, quantum];
const BELL =
  'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;';
/** Its shots are run one by one: as many as there are, as long it takes. */
const SLOW = `OPENQASM 3.0; include "stdgates.inc"; qubit[8] q; bit[8] c;
for int i in [0:7] { t q[i]; h q[i]; t q[i]; h q[i]; }
c[0] = measure q[0]; if (c[0]) { t q[1]; h q[1]; }
for int i in [0:6] { cx q[i], q[i + 1]; t q[i]; h q[i]; }
c = measure q;`;
const PRICES = { unit: UNIT, perJob: '0.5', perSecond: '0.001', perGibSecond: '0.001' };
const RUNS = ['quantum.run', 'quantum.estimate', 'quantum.get', 'quantum.result'];
const BUDGET = { unit: UNIT, total: '2', perCall: '1' };

let served: ServedNode;
let alice: Party;
let agent: Agent;
let mcp: McpClient;

const clientOf = ({ did, seed }: Party): Client =>
  createClient({
    contracts,
    transport: http({
      url: served.url,
      credentials: keys({ did, seed, nodeDid: served.node.kernel.node.did, now_ms: served.now_ms }),
    }),
  });
const withToken = (token: string): Client =>
  createClient({ contracts, transport: http({ url: served.url, credentials: bearer(token) }) });

beforeAll(async () => {
  served = await startServedNode();
  alice = await bringIn(served, 'Alice');
  await fund(served, alice, '100');
  agent = await agentOf(served, alice, 'runner', {
    command: '/',
    policy: [onlyOperations(...RUNS, 'node.job')],
    budget: BUDGET,
  });
  mcp = new McpClient({ name: 'stock-client', version: '1.0.0' });
  await mcp.connect(
    new StreamableHTTPClientTransport(new URL(`${served.url}/mcp`), {
      requestInit: { headers: { authorization: `Bearer ${agent.token}` } },
    }),
  );
});
afterAll(async () => {
  await mcp.close();
  await served.close();
});

type Job = OutputOf<typeof nodeOps.job>;

async function ended(client: Client, jobId: string): Promise<Job> {
  const ends = ['DONE', 'FAILED', 'CANCELLED'];
  let job: Job | undefined;
  await expect
    .poll(async () => (job = await client.call(nodeOps.job, { jobId })).state)
    .toSatisfy((state: string) => ends.includes(state));
  if (job === undefined) throw new Error('there is no job');
  return job;
}

const use = async (name: string, args: Record<string, unknown>) => {
  const { structuredContent } = await mcp.callTool({ name, arguments: args });
  return structuredContent as {
    readonly status: string;
    readonly code: string;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly details?: Readonly<Record<string, unknown>>;
  };
};

const moneyOf = async (client: Client) => {
  const { items } = await client.call(qwallet.accounts, {});
  return items.find(({ unit }) => unit === UNIT);
};

describe('over HTTP', () => {
  it('a run is accepted with 202 and a job, which has the result in the end', async () => {
    const token = withToken(agent.token);
    const answer = await fetch(`${served.url}/quantum/runs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${agent.token}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: JSON.stringify({ text: BELL, shots: 100, seed: '1', maxPrice: '1', unit: UNIT }),
    });
    const body = (await answer.json()) as { data: { jobId: string } };
    expect([answer.status, body]).toMatchObject([202, { status: 'ok' }]);
    const job = await ended(token, body.data.jobId);
    expect(job).toMatchObject({ state: 'DONE', result: { shots: 100, seed: '1', price: '0' } });
  });

  it('the record of a run is read by its owner, and by nobody else', async () => {
    const client = clientOf(alice);
    const { jobId } = await client.call(quantum.run, { text: BELL, shots: 50, seed: '3' });
    const { result } = await ended(client, jobId);
    const { runId } = result as OutputOf<typeof quantum.result>;
    const record = await client.call(quantum.get, { runId });
    expect(record).toMatchObject({
      run: { runId, jobId, state: 'DONE' },
      order: { text: BELL, shots: 50 },
      result: { runId, shots: 50, seed: '3', provenance: { seed: '3' } },
    });
    const read = async (token: string, path: string) => {
      const answer = await fetch(`${served.url}/quantum/runs/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return [answer.status, await answer.json()];
    };
    expect(await read(agent.token, runId)).toMatchObject([200, { status: 'ok', data: record }]);
    const other = clientOf(await bringIn(served, 'Mallory'));
    for (const operation of [quantum.get, quantum.result])
      expect(await other.result(operation, { runId })).toMatchObject({ code: 'QONSENT_DENIED' });
    expect(await other.result(nodeOps.cancelJob, { jobId })).toMatchObject({ status: 'error' });
    expect(await read('none', runId)).toMatchObject([401, { status: 'error' }]);
  });

  it('a run is cancelled by its owner: the worker ends, nothing is charged', async () => {
    const client = clientOf(alice);
    const operator = clientOf(served.node.operator);
    await operator.call(quantum.setPrices, PRICES);
    const before = await moneyOf(client);
    const { jobId } = await client.call(quantum.run, {
      text: SLOW,
      shots: 10_000_000,
      timeLimit_s: 600,
      maxPrice: '10',
      unit: UNIT,
    });
    await expect
      .poll(async () => (await client.call(quantum.runs, { limit: 1 })).items[0]?.state)
      .toBe('RUNNING');
    expect((await moneyOf(client))?.held).not.toBe('0');
    await client.call(nodeOps.cancelJob, { jobId });
    expect(await ended(client, jobId)).toMatchObject({ state: 'CANCELLED' });
    // Once more changes nothing.
    await client.result(nodeOps.cancelJob, { jobId });
    expect(await ended(client, jobId)).toMatchObject({ state: 'CANCELLED' });
    expect(await moneyOf(client)).toEqual(before);
    const [run] = (await client.call(quantum.runs, { limit: 1 })).items;
    expect(run).toMatchObject({ jobId, state: 'STOPPED' });
    await operator.call(quantum.setPrices, {
      ...PRICES,
      perJob: '0',
      perSecond: '0',
      perGibSecond: '0',
    });
  });

  it('a run that takes longer than its limit is stopped, and nothing is charged', async () => {
    const client = clientOf(alice);
    const { jobId } = await client.call(quantum.run, {
      text: SLOW,
      shots: 10_000_000,
      timeLimit_s: 1,
    });
    expect(await ended(client, jobId)).toMatchObject({
      state: 'FAILED',
      error: { code: 'DEADLINE_EXCEEDED' },
    });
  });

  it('a circuit that is wrong is refused with its line, before anything is held', async () => {
    const client = clientOf(alice);
    const wrong = { text: 'OPENQASM 3.0;\nqubit q;\nfoo q;' };
    expect(await client.result(quantum.estimate, wrong)).toMatchObject({
      code: 'INPUT_INVALID',
      details: { line: 3, column: 1, excerpt: 'foo q;' },
    });
    const { jobId } = await client.call(quantum.run, wrong);
    expect(await ended(client, jobId)).toMatchObject({
      state: 'FAILED',
      error: { code: 'INPUT_INVALID' },
    });
  });

  it.each([
    ['a thousand million shots', { text: BELL, shots: 1_000_000_000 }, 'INPUT_INVALID'],
    ['a seed beyond 64 bits', { text: BELL, seed: '18446744073709551616' }, 'FAILED'],
    ['noise above 1', { text: BELL, noise: 2 }, 'INPUT_INVALID'],
    ['no circuit', { text: '' }, 'INPUT_INVALID'],
    ['a text beyond the limit', { text: 'x'.repeat(1_000_001) }, 'INPUT_INVALID'],
  ])('%s: refused', async (_, input, code) => {
    const client = clientOf(alice);
    const answer = await client.result(quantum.run, input);
    const told =
      answer.status === 'error' ? answer.code : (await ended(client, answer.data.jobId)).state;
    expect(told).toBe(code);
  });
});

describe('over MCP, for an agent with a budget', () => {
  beforeAll(() => clientOf(served.node.operator).call(quantum.setPrices, PRICES));

  const order = (more: Record<string, unknown> = {}) => ({
    text: BELL,
    shots: 100,
    maxPrice: '1',
    unit: UNIT,
    again: true,
    ...more,
  });
  const result = async (jobId: unknown) => {
    const job = await ended(withToken(agent.token), String(jobId));
    return job.result as OutputOf<typeof quantum.result> | undefined;
  };

  it('an estimate says method, memory, time and price, and costs nothing', async () => {
    const { data } = await use('quantum.estimate', { text: BELL });
    expect(data).toMatchObject({ unit: UNIT, isAdmissible: true, circuit: { qubits: 2 } });
    expect(Number(data?.['price'])).toBeGreaterThanOrEqual(0.5);
    expect(Number(data?.['maxPrice'])).toBeGreaterThanOrEqual(Number(data?.['price']));
  });

  it('the record of a run is a tool, which shows the agent the runs of its owner', async () => {
    const client = clientOf(alice);
    const { jobId } = await client.call(quantum.run, {
      text: BELL,
      shots: 100,
      maxPrice: '1',
      unit: UNIT,
    });
    const { result: made } = await ended(client, jobId);
    const { runId, price } = made as OutputOf<typeof quantum.result>;
    const { data } = await use('quantum.get', { runId });
    expect(data).toMatchObject({
      run: { runId, jobId, state: 'DONE', price },
      order: { text: BELL, shots: 100 },
      result: { runId, price },
    });
    expect(await use('quantum.get', { runId: 'run_0' })).toMatchObject({ status: 'error' });
    expect(await use('quantum.get', {})).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('a run that offers too little is refused with the price', async () => {
    const { data } = await use('quantum.run', order({ maxPrice: '0.1' }));
    const job = await ended(withToken(agent.token), String(data?.['jobId']));
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'PRICE_ABOVE_LIMIT' } });
    expect(job.error?.message).toContain('0.1');
  });

  it('runs are paid by what they took, until the budget is used up', async () => {
    const before = await moneyOf(clientOf(alice));
    const prices: string[] = [];
    let refusal = await use('quantum.run', order());
    for (
      ;
      refusal.status === 'ok' && prices.length < 10;
      refusal = await use('quantum.run', order())
    )
      prices.push((await result(refusal.data?.['jobId']))?.price ?? '');
    // 2 in all, 1 asked each time, a little over 0.5 spent: less than 1 is left after the second.
    expect(prices.map((price) => price.slice(0, 4))).toEqual(['0.50', '0.50']);
    expect(refusal).toMatchObject({ status: 'error', code: 'BUDGET_EXCEEDED' });
    const after = await moneyOf(clientOf(alice));
    const paid = Number(before?.posted) - Number(after?.posted);
    expect(paid).toBeCloseTo(
      prices.reduce((sum, price) => sum + Number(price), 0),
      9,
    );
    expect(after?.held).toBe('0');
  });
});
