import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anonymous, createClient, http } from '@anarq/common-clients';
import { qindex } from '@anarq/qindex/contract';
import { squid } from '@anarq/squid/contract';
import { openStore } from '@anarq/store';
import { startTestNode, type TestNode } from '@anarq/testing';
import { startHttpSurface, type HttpSurface } from '@anarq/surfaces';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundWorld, removeWorld } from './purchaseWorld.ts';

/** The names that the specification of the modules gives, as literals: nothing here is derived. */
const TOOLS = [
  'squid.verifyIdentity',
  'squid.activeContext',
  'wallet.sign',
  'wallet.pay',
  'wallet.quote',
  'qlock.encrypt',
  'qlock.decrypt',
  'qlock.sign',
  'qlock.verify',
  'qlock.lock',
  'qonsent.check',
  'qonsent.grant',
  'qonsent.revoke',
  'qindex.put',
  'qindex.get',
  'qindex.list',
  'qerberos.audit',
  'qdrive.put',
  'qdrive.get',
  'qmarket.list',
  'qmarket.purchase',
  'qmarket.license',
];

const TOPICS = [
  'q.squid.created.v1',
  'q.qdrive.file.created.v1',
  'q.qmarket.listed.v1',
  'q.qindex.record.created.v1',
];

const MODULES = [
  'squid',
  'qlock',
  'qonsent',
  'qerberos',
  'qindex',
  'qdrive',
  'qmarket',
  'qwallet',
  'ledger',
];

describe('the tools that the specification names', () => {
  let node: TestNode;
  let surface: HttpSurface;
  let names: string[];
  beforeAll(async () => {
    node = await startTestNode();
    surface = await startHttpSurface(node.kernel, { port: 0 });
    const client = new Client({ name: 'names', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${surface.url}/mcp`)));
    names = (await client.listTools()).tools.map(({ name }) => name);
    await client.close();
  });
  afterAll(async () => {
    await surface.close();
    await node.close();
  });

  it.each(TOOLS)('%s is listed by the node', (tool) => {
    expect(names).toContain(tool);
  });

  it('squid.verifyIdentity answers anybody whether an identity is known and in force', async () => {
    const somebody = await node.person('somebody');
    const client = createClient({
      contracts: [squid],
      transport: http({ url: surface.url, credentials: anonymous() }),
    });
    const { document } = await somebody.call(squid.get, { did: somebody.did });
    if (document === undefined) throw new Error('an identity has no document');
    const claim = { did: somebody.did, document };
    expect(await client.call(squid.verify, claim)).toMatchObject({ valid: true, kind: 'person' });
    await client.close();
  });
});

describe('the events that the specification names', () => {
  it('are in the outbox once a file was uploaded, indexed and listed', async () => {
    const world = await foundWorld();
    const store = await openStore({ file: join(world.folder, 'data/node.sqlite') });
    try {
      const rows = await store.read('SELECT DISTINCT topic FROM kernel_outbox');
      expect(rows.map(({ topic }) => topic)).toEqual(expect.arrayContaining(TOPICS));
    } finally {
      await store.close();
      await removeWorld(world);
    }
  });

  it('tell of a sub-identity, and reach a subscriber with the commit that made it', async () => {
    const node = await startTestNode();
    const told: string[] = [];
    const subscription = node.kernel.events.subscribe({
      consumer: 'test',
      topics: ['q.squid.sub.created.v1', 'q.qindex.record.created.v1'],
      handle: async (event) => {
        told.push(event.type);
      },
    });
    const somebody = await node.person('somebody');
    await somebody.call(squid.createSub, { purpose: 'forum' });
    await somebody.call(qindex.put, {
      type: 'note',
      key: 'k',
      cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
      tags: [],
      visibility: 'owner',
    });
    await expect.poll(() => told).toEqual(['q.squid.sub.created.v1', 'q.qindex.record.created.v1']);
    await subscription.close();
    await node.close();
  });
});

describe('every module', () => {
  it.each(MODULES)('%s says in its README how it runs, standalone and integrated', async (name) => {
    const text = await readFile(join(import.meta.dirname, '../modules', name, 'README.md'), 'utf8');
    for (const word of [/run modes/i, /standalone/i, /integrated/i]) expect(text).toMatch(word);
  });
});
