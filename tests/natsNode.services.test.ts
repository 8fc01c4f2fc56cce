import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canReachNats, dropTestBus, testBusUrl } from '@anarq/bus/testing';
import { loadModules, openNode, type OpenedNode } from '@anarq/node';
import { qindex } from '@anarq/qindex/contract';
import { actorOf } from '@anarq/testing';
import { afterEach, describe, expect, it } from 'vitest';

const url = testBusUrl();
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** One process of a node: its own data, the keys of all. */
async function open(folder: string, name: string, bus = url): Promise<OpenedNode> {
  const node = await openNode({
    dataFolder: join(folder, name),
    keysFolder: join(folder, 'keys'),
    modules: await loadModules(['node', 'squid', 'qindex']),
    version: '0.0.0-test',
    bus,
  });
  undo.push(() => node.close());
  return node;
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'q-nats-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.skipIf(!(await canReachNats()))('a node in two processes on NATS', () => {
  it('tells in one what was emitted in the other, to whom it concerns', async () => {
    const folder = await newFolder();
    const first = await open(folder, 'first');
    undo.push(() => dropTestBus(first.kernel.node.did));
    const second = await open(folder, 'second');
    expect(second.kernel.node.did).toBe(first.kernel.node.did);
    const operator = actorOf(() => first.kernel, {
      did: first.kernel.node.operator,
      seed: first.operatorSeed,
    });
    const { recordId } = await operator.call(qindex.put, {
      type: 'note',
      key: 'over nats',
      cid: 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
      tags: [],
    });
    const topics = ['q.qindex.record.created.v1'];
    const { tenant } = first.kernel.node;
    await expect
      .poll(async () => (await second.kernel.events.read({ tenant, topics })).events)
      .toMatchObject([{ subject: recordId, source: '/modules/qindex' }]);
  });

  it('does not start where the bus does not answer, and says so', async () => {
    const folder = await newFolder();
    await expect(open(folder, 'alone', 'nats://127.0.0.1:1')).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });
});
