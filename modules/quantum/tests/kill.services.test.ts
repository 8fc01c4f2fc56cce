import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createClient, http, keys } from '@anarq/common-clients';
import { openRootKey } from '@anarq/crypto';
import { ledger } from '@anarq/ledger/contract';
import { node as nodeOps } from '@anarq/node-module/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { expect, it } from 'vitest';
import { quantum } from '../src/contract.ts';
import { BELL, PRICES, SLOW } from './support.ts';

const KILLS = 12;
const WITHIN_MS = 2_400;
const contracts = [squid, qwallet, ledger, nodeOps, quantum];

const clientAt = (node: NodeProcess, who: { did: string; seed: Uint8Array }) =>
  createClient({
    contracts,
    transport: http({
      url: node.address.url,
      credentials: keys({ ...who, nodeDid: node.address.node }),
    }),
  });

it('runs on a node that is killed again and again are done once, and paid once each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'q-quantum-kill-'));
  const order = { dataFolder: join(folder, 'data'), keysFolder: join(folder, 'keys') };
  try {
    let node = await startNodeProcess(order);
    const operator = {
      did: node.address.operator,
      seed: (await openRootKey({ file: join(order.keysFolder, 'operator.key'), create: false }))
        .seed,
    };
    await clientAt(node, operator).call(quantum.setPrices, PRICES);
    // An organisation pays: what the operator runs for itself is free.
    const { did } = await clientAt(node, operator).call(squid.createOrganisation, { name: 'lab' });
    await clientAt(node, operator).call(qwallet.fund, {
      identity: did,
      amount: '100',
      unit: 'EUR',
    });
    const subject = { subject: did };
    const jobs = new Map<string, string>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const client = clientAt(node, operator);
      const text = kill % 2 === 0 ? BELL : SLOW;
      const input = { text, shots: 2_000, seed: String(kill), maxPrice: '2', unit: 'EUR' };
      const key = { ...subject, idempotencyKey: `run-${kill}` };
      jobs.set(`run-${kill}`, (await client.call(quantum.run, input, key)).jobId);
      await setTimeout(((kill * 5) % KILLS) * (WITHIN_MS / KILLS));
      await node.kill();
      node = await startNodeProcess(order);
    }
    try {
      const client = clientAt(node, operator);
      for (const jobId of jobs.values())
        await expect
          .poll(async () => (await client.call(nodeOps.job, { jobId }, subject)).state, {
            timeout: 120_000,
          })
          .toBe('DONE');
      const { items } = await client.call(quantum.runs, { limit: 200 }, subject);
      expect(items.map(({ state }) => state)).toEqual(Array(KILLS).fill('DONE'));
      const cents = items.reduce((sum, { price }) => sum + Math.round(Number(price) * 100), 0);
      const { items: accounts } = await client.call(qwallet.accounts, {}, subject);
      expect(accounts).toMatchObject([{ held: '0' }]);
      expect(Math.round((100 - Number(accounts[0]?.posted)) * 100)).toBe(cents);
      const { books } = await client.call(ledger.books, {});
      expect(books.every(({ sum, pending }) => sum === '0' && pending === '0')).toBe(true);
    } finally {
      await node.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 400_000);
