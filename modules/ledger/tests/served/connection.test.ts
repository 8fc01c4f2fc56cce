import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openingCall } from '../../src/served/opening.ts';
import { openingWith } from '../../src/socket/index.ts';
import { batch, openAccounts, Payments, serveNode, type ServedNode } from './servedNode.ts';

const HOUR_MS = 3_600_000;

describe('what a connection was opened with', () => {
  const clock = { skew_ms: 0 };
  let served: ServedNode;
  let alice: Actor;

  beforeEach(async () => {
    clock.skew_ms = 0;
    served = await serveNode({ now_ms: () => Date.now() + clock.skew_ms });
    alice = await served.node.person('alice');
    await openAccounts(alice, ['world', 'till']);
  });
  afterEach(() => served.close());

  it('is good for an hour', async () => {
    const { pay } = new Payments(served.node.kernel.node.tenant);
    const client = await served.connect(alice);
    clock.skew_ms = HOUR_MS - 60_000;
    expect((await client.createTransfers(batch(pay(1, 'world', 'till', 1)))).refused).toEqual([]);
    clock.skew_ms = HOUR_MS + 1;
    await expect(client.createTransfers(batch(pay(2, 'world', 'till', 1)))).rejects.toMatchObject({
      code: 'SESSION_EXPIRED',
    });
  });

  it('is good for calls of the ledger, and of no other module', async () => {
    const { kernel } = served.node;
    const order = { node: kernel.node.did, identity: alice.did, seed: alice.seed };
    const opened = await kernel.connect(openingCall(openingWith(order)));
    if (!opened.ok) throw new Error(opened.failure.message);
    const credential = { kind: 'connection', connection: opened.connection } as const;
    const call = { input: {}, surface: 'socket', credential } as const;
    expect((await kernel.invoke({ ...call, operation: 'ledger.accounts' })).code).toBe('SUCCESS');
    expect((await kernel.invoke({ ...call, operation: 'squid.agents' })).code).toBe(
      'QLOCK_AUTH_FAIL',
    );
  });

  it('says of each batch who acts, and for whom', async () => {
    const { pay } = new Payments(served.node.kernel.node.tenant);
    const agent = await served.agentOf(alice);
    const client = await served.connectWith({ token: agent.token });
    await client.createTransfers(batch(pay(1, 'world', 'till', 1)));
    const rows = await served.node.store.read(
      "SELECT actor, subject FROM kernel_process WHERE operation = 'ledger.createBatch'",
    );
    expect(rows).toEqual([{ actor: agent.did, subject: alice.did }]);
  });
});
