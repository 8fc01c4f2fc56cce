import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexOf, type Genesis } from '@anarq/dag';
import { Person } from '@anarq/validator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainNode } from '../src/chain/chainNode.ts';
import { genesisText } from '../src/chain/genesisFile.ts';
import { openChain } from '../src/chain/openChain.ts';
import { SETTINGS } from './world.ts';

const seedOf = (kind: number, at: number): Uint8Array =>
  new Uint8Array(32).map((_, index) => (index === 0 ? kind : index === 1 ? at : 6));

/** Ports of this machine that are free. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

describe('chains that find each other by their network.json', () => {
  const people = [0, 1, 2, 3].map((at) => new Person(seedOf(2, at)));
  const payer = new Person(seedOf(3, 0));
  const nodes: ChainNode[] = [];
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'q-peers-'));
    const ports = await freePorts(people.length);
    const genesis: Genesis = {
      name: 'peers',
      time_ms: Date.now(),
      validators: people.map(({ publicKey }) => publicKey),
      authority: payer.account,
      treasury: payer.account,
      fee_min: 1n,
      accounts: [{ id: payer.account, balance: 1_000n, publicKey: payer.publicKey }],
    };
    const peers = people.map(({ publicKeyHex }, at) => ({
      publicKey: publicKeyHex,
      address: `127.0.0.1:${ports[at]}`,
    }));
    for (const at of people.keys()) {
      const folder = await mkdtemp(join(root, `node-${at}-`));
      const listen = `127.0.0.1:${ports[at]}`;
      const network = { listen, peers: peers.filter((_, other) => other !== at) };
      await writeFile(join(folder, 'genesis.json'), genesisText(genesis));
      await writeFile(join(folder, 'network.json'), JSON.stringify(network));
      await writeFile(join(folder, 'validator.key'), hexOf(seedOf(2, at)));
      const place = { seed: () => seedOf(9, 9), now_ms: Date.now, onError: () => undefined };
      nodes.push(await openChain({ folder, settings: SETTINGS }, place));
    }
  });
  afterAll(async () => {
    for (const node of nodes) await node.close();
    await rm(root, { recursive: true, force: true });
  });

  it('order, certify and keep the same, over sockets with hybrid key agreement', async () => {
    const [first, second] = nodes;
    if (first === undefined || second === undefined) throw new Error('there are four');
    await expect.poll(() => first.network.connected().length, { timeout: 30_000 }).toBe(3);
    const entry = payer.sign(
      second.validator.chainId,
      payer.pay('ab'.repeat(32), 40n),
      payer.pay('cd'.repeat(32), 2n),
    );
    const ids = await second.validator.submit(entry);
    for (const node of nodes)
      for (const id of ids)
        await expect
          .poll(async () => node.archive.isFinal((await node.archive.transaction(id))?.seq), {
            timeout: 30_000,
          })
          .toBe(true);
    const balances = nodes.map(({ validator }) => validator.account('ab'.repeat(32))?.balance);
    expect(balances).toEqual([40n, 40n, 40n, 40n]);
    const proofs = await Promise.all(
      nodes.map(({ archive }) => archive.receiptProof(ids[0] ?? '')),
    );
    expect(proofs.filter((proof) => proof !== undefined)).toHaveLength(4);
    expect(first.network.peers()).toHaveLength(3);
  });
});
