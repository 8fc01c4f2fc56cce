import { squid } from '@anarq/squid/contract';
import { TransferFlag } from '@anarq/ledger-engine';
import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../../src/contract.ts';
import { ledgerOf, type LedgerClient } from '../../src/socket/index.ts';
import {
  batch,
  idBytes,
  idsOf,
  openAccounts,
  Payments,
  serveNode,
  type ServedNode,
} from './servedNode.ts';

let served: ServedNode;
let alice: Actor;
let payments: Payments;

beforeEach(async () => {
  served = await serveNode();
  alice = await served.node.person('alice');
  payments = new Payments(served.node.kernel.node.tenant);
  await openAccounts(alice, ['world', 'till', 'shop']);
});
afterEach(() => served.close());

const credits = async (accountId = 'till'): Promise<string> =>
  (await alice.call(ledger.account, { accountId })).creditsPosted;
const pays = (client: LedgerClient, number: number, amount: number) =>
  client.createTransfers(batch(payments.pay(number, 'world', 'till', amount)));

describe('a budget', () => {
  const budgetOf = (grant: string) => served.node.kernel.services.grants.budget(grant);

  it('is counted batch by batch, by what moved, and refuses a whole batch that is over it', async () => {
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const client = await served.connectWith({ token: agent.token });
    const { pay } = payments;
    await client.createTransfers(batch(pay(1, 'world', 'till', 300), pay(2, 'world', 'till', 100)));
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: '4', reserved: '0' });
    // Neither what is there already nor what is refused moves anything.
    await client.createTransfers(
      batch(pay(1, 'world', 'till', 300), pay(3, 'world', 'no', 100), pay(4, 'world', 'till', 50)),
    );
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: '4.5', reserved: '0' });
    await expect(
      client.createTransfers(batch(pay(5, 'world', 'till', 100), pay(6, 'world', 'till', 451))),
    ).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: '4.5', reserved: '0' });
    expect(await credits()).toBe('4.5');
    await pays(client, 7, 550);
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: '10', reserved: '0' });
  });

  it('is never passed by many connections at once', async () => {
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const clients = await Promise.all(
      Array.from({ length: 4 }, () => served.connectWith({ token: agent.token })),
    );
    const results = await Promise.allSettled(
      clients.flatMap((client, lane) =>
        Array.from({ length: 10 }, (_, index) => pays(client, lane * 10 + index + 1, 100)),
      ),
    );
    const moved = results.filter(({ status }) => status === 'fulfilled').length;
    expect(moved).toBeLessThanOrEqual(10);
    expect(await credits()).toBe(String(moved));
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: String(moved), reserved: '0' });
  });

  it('is counted when money is held, not again when it is posted', async () => {
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const client = await served.connectWith({ token: agent.token });
    await client.createTransfers(
      batch(payments.pay(1, 'world', 'till', 900, { flags: TransferFlag.PENDING })),
    );
    await client.createTransfers(
      batch({ ...payments.resolve(2, 1, TransferFlag.POST_PENDING), ledger: ledgerOf('EUR') }),
    );
    expect(await budgetOf(agent.grant)).toMatchObject({ spent: '9', reserved: '0' });
  });

  it('takes no batch that does not say in one unit what it moves', async () => {
    await openAccounts(alice, ['r1', 'r2'], { unit: 'rUv' });
    const agent = await served.agentOf(alice, { budget: { unit: 'EUR', total: '10' } });
    const client = await served.connectWith({ token: agent.token });
    const all = 2n ** 128n - 1n;
    for (const other of [
      payments.pay(2, 'r1', 'r2', 1, { ledger: ledgerOf('rUv') }),
      payments.pay(2, 'world', 'till', 0, { amount: all, flags: TransferFlag.BALANCING_DEBIT }),
    ])
      await expect(
        client.createTransfers(batch(payments.pay(1, 'world', 'till', 1), other)),
      ).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' });
    expect(await credits()).toBe('0');
  });
});

describe('what ends an authority ends an open connection', () => {
  it('a revoked grant', async () => {
    const agent = await served.agentOf(alice);
    const client = await served.connectWith({ token: agent.token });
    await pays(client, 1, 100);
    await served.revoke(agent.grant);
    await expect(pays(client, 2, 100)).rejects.toMatchObject({ code: 'GRANT_REVOKED' });
    await expect(client.lookupAccounts(idBytes(payments.account('till')))).rejects.toMatchObject({
      code: 'GRANT_REVOKED',
    });
    expect(await credits()).toBe('1');
  });

  it('a grant under which somebody with keys acts for another', async () => {
    const bob = await served.node.person('bob');
    const grant = await served.grantTo(alice, bob.did);
    const client = await served.connect(bob, { subject: alice.did });
    await pays(client, 1, 100);
    await served.revoke(grant);
    await expect(pays(client, 2, 100)).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    expect(await credits()).toBe('1');
  });

  it('a stop, also after a new start: who was stopped opens another', async () => {
    const client = await served.connect(alice);
    await pays(client, 1, 100);
    await served.node.operator.call(squid.stop, { who: alice.did });
    await expect(pays(client, 2, 100)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    await served.node.operator.call(squid.start, { who: alice.did });
    await expect(pays(client, 3, 100)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(await credits()).toBe('1');
    await pays(await served.connect(alice), 4, 100);
    expect(await credits()).toBe('2');
  });

  it('a stopped agent', async () => {
    const agent = await served.agentOf(alice);
    const client = await served.connectWith({ token: agent.token });
    await pays(client, 1, 100);
    await served.node.operator.call(squid.stop, { who: agent.did });
    await expect(pays(client, 2, 100)).rejects.toMatchObject({ code: 'SESSION_EXPIRED' });
    expect(await credits()).toBe('1');
  });
});

describe('a grant for one account', () => {
  const only = (id: string) => [['==', '.resource', `ledger/account/${id}`]];

  it('lets its holder move money out of that account alone, until it is revoked', async () => {
    const bob = await served.node.person('bob');
    await openAccounts(bob, ['of-bob']);
    const command = '/ledger/create-transfers';
    const grant = await served.grantTo(alice, bob.did, { command, policy: only('till') });
    const client = await served.connect(bob);
    const from = (number: number, account: string) =>
      client.createTransfers(batch(payments.pay(number, account, 'of-bob', 1)));
    expect((await from(1, 'till')).refused).toEqual([]);
    await expect(from(2, 'shop')).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await served.revoke(grant);
    await expect(from(3, 'till')).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('lets its holder read it, and nobody else see that it is there', async () => {
    const bob = await served.node.person('bob');
    const client = await served.connect(bob);
    await pays(await served.connect(alice), 1, 100);
    const ask = async () => {
      const { account, id } = payments;
      const accounts = await client.lookupAccounts(
        idBytes(account('world'), account('till'), account('no')),
      );
      const transfers = await client.lookupTransfers(idBytes(id(1), id(2)));
      const filter = { accountId: account('till'), debits: true, credits: true, limit: 10 };
      const ofAccount = await client.accountTransfers(filter);
      return [accounts, transfers, ofAccount].map(idsOf);
    };
    expect(await ask()).toEqual([[], [], []]);
    await served.grantTo(alice, bob.did, { command: '/ledger/read', policy: only('till') });
    const { account, id } = payments;
    expect(await ask()).toEqual([[account('till')], [id(1)], [id(1)]]);
  });
});

describe('look-ups over the socket', () => {
  it('see one’s own accounts, those that one holds, and what moved there', async () => {
    const bob = await served.node.person('bob');
    await alice.call(ledger.createAccounts, {
      accounts: [{ id: 'kept', unit: 'EUR', code: 1, flags: [], holder: bob.did }],
    });
    await openAccounts(bob, ['of-bob']);
    await (
      await served.connect(alice)
    ).createTransfers(
      batch(payments.pay(1, 'world', 'kept', 1), payments.pay(2, 'world', 'till', 1)),
    );
    const client = await served.connect(bob);
    const { account, id } = payments;
    const asked = idBytes(account('kept'), account('till'), account('of-bob'));
    expect(idsOf(await client.lookupAccounts(asked))).toEqual([account('kept'), account('of-bob')]);
    expect(idsOf(await client.lookupTransfers(idBytes(id(1), id(2))))).toEqual([id(1)]);
  });

  it('of an agent whose grant is for moving money alone see nothing', async () => {
    const agent = await served.agentOf(alice, { command: '/ledger/create-transfers' });
    const client = await served.connectWith({ token: agent.token });
    await pays(client, 1, 1);
    await expect(client.lookupAccounts(idBytes(payments.account('till')))).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
  });

  it('see what was asked for before them on the same connection', async () => {
    const client = await served.connect(alice);
    const [, found] = await Promise.all([
      pays(client, 1, 1),
      client.lookupTransfers(idBytes(payments.id(1))),
    ]);
    expect(idsOf(found)).toEqual([payments.id(1)]);
  });
});
