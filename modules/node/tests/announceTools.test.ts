import { randomUUID } from 'node:crypto';
import { contract, query, t } from '@anarq/common-schemas';
import { defineModule, handler } from '@anarq/kernel';
import { startTestNode, type TestNode } from '@anarq/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { node as nodeContract } from '@anarq/node-module/contract';

const TOPIC = 'q.tools.registry.updated.v1';

const extra = contract({
  name: 'extra',
  version: '1.0.0',
  title: 'Extra',
  purpose: 'Comes and goes.',
  operations: {
    look: query({
      summary: 'Looks.',
      scope: 'extra/look',
      access: 'tenant',
      input: t.object({}),
      output: t.object({}),
    }),
  },
});
const extraModule = defineModule(extra, {
  handlers: { look: handler(extra.look, () => ({})) },
});

let node: TestNode | undefined;
afterEach(async () => node?.close());

const announce = async (on: TestNode) =>
  on.operator.call(nodeContract.announceTools, {}, { idempotencyKey: randomUUID() });

const eventsOf = ({ kernel }: TestNode) =>
  kernel.events.read({ tenant: kernel.node.tenant, topics: [TOPIC] });

describe('the tools of a node', () => {
  it('are announced once, module by module, with the registry of each', async () => {
    node = await startTestNode({ modules: ['squid', 'qonsent', 'node'], extra: [extraModule] });
    const { added } = await announce(node);
    expect(added.toSorted()).toEqual(['extra', 'node', 'qonsent', 'squid']);
    const { events } = await eventsOf(node);
    expect(events.map(({ subject }) => subject)).toEqual(added);
    expect(events.find(({ subject }) => subject === 'extra')?.data).toMatchObject({
      module: 'extra',
      action: 'ADDED',
      capabilities: {
        module: 'extra',
        version: '1.0.0',
        capabilities: { tools: { 'extra.look': { capabilities: ['read'] } }, events: {} },
      },
    });
    expect(await announce(node)).toEqual({ added: [], updated: [], removed: [] });
    await node.restart();
    expect(await announce(node)).toEqual({ added: [], updated: [], removed: [] });
  });

  it('are announced again where they are others than before, or gone', async () => {
    node = await startTestNode({ modules: ['squid', 'qonsent', 'node'], extra: [extraModule] });
    await announce(node);
    await node.store.commit([
      { sql: `UPDATE node_announced SET digest = 'of before' WHERE id = 'extra'`, params: {} },
      { sql: `UPDATE node_announced SET id = 'gone' WHERE id = 'qonsent'`, params: {} },
    ]);
    expect(await announce(node)).toEqual({
      added: ['qonsent'],
      updated: ['extra'],
      removed: ['gone'],
    });
    const { events } = await eventsOf(node);
    expect(events.map(({ data }) => data).slice(-1)).toMatchObject([
      { module: 'gone', action: 'REMOVED', capabilities: { module: 'qonsent' } },
    ]);
  });

  it('may be announced by the operator only', async () => {
    node = await startTestNode({ modules: ['squid', 'qonsent', 'node'] });
    const stranger = await node.person('stranger');
    await expect(
      stranger.call(nodeContract.announceTools, {}, { idempotencyKey: randomUUID() }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });
});
