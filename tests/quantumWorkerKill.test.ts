import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, createClient, http, keys, type Client } from '@anarq/common-clients';
import type { OutputOf } from '@anarq/common-schemas';
import { ledger } from '@anarq/ledger/contract';
import { node as nodeOps } from '@anarq/node-module/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { quantum } from '@anarq/quantum/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { agentOf, onlyOperations, type Agent } from './delegates.ts';
import { bringIn, fund, startServedNode, UNIT, type Party, type ServedNode } from './servedNode.ts';

const contracts = [ledger, nodeOps, qonsent, quantum, qwallet];
/** Its shots are run one by one; so many take seconds. */
const SLOW = `OPENQASM 3.0; include "stdgates.inc"; qubit[8] q; bit[8] c;
for int i in [0:7] { t q[i]; h q[i]; t q[i]; h q[i]; }
c[0] = measure q[0]; if (c[0]) { t q[1]; h q[1]; }
for int i in [0:6] { cx q[i], q[i + 1]; t q[i]; h q[i]; }
c = measure q;`;
const SHOTS = 1_000_000;
const PRICES = { unit: UNIT, perJob: '0.5', perSecond: '0.01', perGibSecond: '0' };

let served: ServedNode;
let alice: Party;
let owner: Client;
let agent: Agent;
beforeAll(async () => {
  served = await startServedNode();
  alice = await bringIn(served, 'Alice');
  await fund(served, alice, '100');
  owner = clientOf(alice);
  await clientOf(served.node.operator).call(quantum.setPrices, PRICES);
  agent = await agentOf(served, alice, 'runner', {
    command: '/',
    policy: [onlyOperations('quantum.run', 'node.job')],
    budget: { unit: UNIT, total: '5', perCall: '2' },
  });
});
afterAll(() => served.close());

const clientOf = ({ did, seed }: Party): Client =>
  createClient({
    contracts,
    transport: http({
      url: served.url,
      credentials: keys({ did, seed, nodeDid: served.node.kernel.node.did, now_ms: served.now_ms }),
    }),
  });

/** The processes that compute for this one, as Linux knows them. */
const workers = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isWorker(pid));

function isWorker(pid: number): boolean {
  try {
    // After the name in brackets, which may have anything in it: state and parent.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return (
      Number(parent) === process.pid &&
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('processMain')
    );
  } catch {
    // It ended meanwhile.
    return false;
  }
}

const account = async () => {
  const { items } = await owner.call(qwallet.accounts, {});
  return items.find(({ unit }) => unit === UNIT);
};
const budget = async () => {
  const { budgets } = await owner.call(qonsent.budget, { grant: agent.grant });
  return budgets.find(({ unit }) => unit === UNIT);
};

describe('a worker that is killed in the middle of a run which an agent pays', () => {
  it('costs nobody anything: the run has its result, is charged once, and counts once', async () => {
    const calm = await resultOf(await submitted('before'));
    const paidBefore = Number((await account())?.posted);
    const countedBefore = Number((await budget())?.spent);

    const jobId = await submitted('killed');
    await expect
      .poll(async () => (await jobOf(jobId)).progress?.note, { interval: 20 })
      .toMatch(/: [1-9]\d* of 1000000 shots$/);
    expect((await account())?.held).not.toBe('0');
    expect((await budget())?.reserved).not.toBe('0');
    const killed = workers();
    expect(killed.length).toBeGreaterThan(0);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    expect((await jobOf(jobId)).state).toBe('RUNNING');

    const { runId, price, provenance, counts } = await resultOf(jobId);
    expect(counts).toEqual(calm.counts);
    expect(provenance.resultHash).toBe(calm.provenance.resultHash);
    expect(workers().filter((pid) => killed.includes(pid))).toEqual([]);

    const after = await account();
    expect(after?.held).toBe('0');
    expect(paidBefore - Number(after?.posted)).toBeCloseTo(Number(price), 9);
    const counted = await budget();
    expect(counted?.reserved).toBe('0');
    expect(Number(counted?.spent) - countedBefore).toBeCloseTo(Number(price), 9);
    const { books } = await clientOf(served.node.operator).call(ledger.books, {});
    expect(books.every(({ sum, pending }) => sum === '0' && pending === '0')).toBe(true);
    const done = (await owner.call(quantum.runs, { state: 'DONE' })).items;
    expect(done.filter((run) => run.jobId === jobId)).toMatchObject([{ price }]);
    const { items } = await owner.call(qwallet.intents, {});
    const charges = items.filter(({ purpose }) => purpose === `quantum run ${runId}`);
    expect(charges).toMatchObject([{ status: 'SETTLED', amount: price }]);
  });
});

const jobOf = (jobId: string) => owner.call(nodeOps.job, { jobId });

async function submitted(name: string): Promise<string> {
  const client = createClient({
    contracts,
    transport: http({ url: served.url, credentials: bearer(agent.token) }),
  });
  const input = { text: SLOW, shots: SHOTS, seed: '7', name, maxPrice: '2', unit: UNIT };
  return (await client.call(quantum.run, input)).jobId;
}

async function resultOf(jobId: string): Promise<OutputOf<typeof quantum.result>> {
  await expect.poll(async () => (await jobOf(jobId)).state).toBe('DONE');
  // The kernel validated it against the schema that the type is read from.
  return (await jobOf(jobId)).result as OutputOf<typeof quantum.result>;
}
