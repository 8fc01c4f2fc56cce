import { verifyReceipt } from '@anarq/log';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, grant, revoke, send } from './support.ts';

let node: TestNode;
let ana: Actor;
let eve: Actor;
let work: NonNullable<LabHandlers['work']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule({ work: (input, ctx) => work(input, ctx) })],
  });
  ana = await node.person('ana');
  eve = await node.person('eve');
});
afterAll(() => node.close());

describe('what a caller claims beside its input', () => {
  it.each([
    ['a subject of 600 characters', { subject: `did:squid:${'x'.repeat(600)}` }],
    ['a subject that is no DID', { subject: 'everybody' }],
    ['a grant that is no CID', { grant: '../grant' }],
  ])('is refused as input: %s', async (_, sent) => {
    expect(codeOf(await send(node, eve, lab.list, {}, { sent }))).toBe('INPUT_INVALID');
  });

  it('takes no record of anybody else with it', async () => {
    await eve.result(lab.list, {}, { subject: 'x'.repeat(600) });
    const put = await ana.result(lab.put, { id: 'recorded', text: 'x' });
    const cid = put.status === 'ok' ? (put.cid ?? '') : '';
    const receipt = await node.kernel.services.log.receipt(cid, ana.did);
    expect(verifyReceipt(receipt, { trust: node.kernel.logKeys.trust }).ok).toBe(true);
    expect(node.errors).toEqual([]);
  });
});

describe('a sub-identity that is named alone', () => {
  it('stops with the identity that it belongs to', async () => {
    const boss = await node.person('boss');
    const sub = await node.person('sub');
    await node.store.commit([
      {
        sql: 'UPDATE kernel_identity SET parent = :parent WHERE did = :did',
        params: { parent: boss.did, did: sub.did },
      },
    ]);
    await node.restart();
    expect(codeOf(await sub.result(lab.list, {}))).toBe('SUCCESS');
    const { identities } = node.kernel.services;
    const suspended = identities.prepareStatus(boss.did, 'suspended');
    await node.store.commit(suspended.statements);
    suspended.activate();
    expect(codeOf(await sub.result(lab.list, {}))).toBe('SQUID_IDENTITY_INVALID');
  });
});

describe('a handler that asks whether its subject may', () => {
  const asks = () => {
    work = async (_input, ctx) => ({ text: String(await ctx.allows('/lab/set', 'lab/item/hers')) });
  };

  it('hears no where the grant carries a budget, which nothing would count here', async () => {
    asks();
    await ana.call(lab.put, { id: 'hers', text: 'x' });
    const order = { command: '/lab/set', budget: { unit: 'EUR', total: '5', perCall: '1' } };
    await grant(node, ana, eve.did, order);
    expect((await eve.call(lab.work, {})).text).toBe('false');
  });

  it('hears yes where it carries none, and no from the call after it ended', async () => {
    asks();
    const bob = await node.person('bob');
    const given = await grant(node, ana, bob.did, { command: '/lab/set' });
    expect((await bob.call(lab.work, {})).text).toBe('true');
    await revoke(node, given);
    expect((await bob.call(lab.work, {})).text).toBe('false');
  });

  it('commits nothing when the grant it leaned on ends before the commit', async () => {
    const carl = await node.person('carl');
    const given = await grant(node, ana, carl.did, { command: '/lab/set' });
    let runs = 0;
    work = async (_input, ctx) => {
      const may = await ctx.allows('/lab/set', 'lab/item/hers');
      runs += 1;
      if (runs === 1) await revoke(node, given);
      return { text: String(may) };
    };
    expect(codeOf(await carl.result(lab.work, {}))).toBe('GRANT_REVOKED');
    expect(runs).toBe(1);
  });
});

describe('writes that spend nothing', () => {
  it('all succeed under a grant with a budget, however many come at once', async () => {
    const dora = await node.person('dora');
    await dora.call(lab.put, { id: 'shared', text: '0' });
    const helper = await node.person('helper');
    await grant(node, dora, helper.did, { budget: { unit: 'EUR', total: '1' } });
    const set = async (i: number): Promise<string> => {
      const input = { id: 'shared', text: String(i) };
      let code = '';
      do code = codeOf(await helper.result(lab.set, input, { subject: dora.did }));
      while (code === 'SERVICE_UNAVAILABLE');
      return code;
    };
    const codes = await Promise.all(Array.from({ length: 12 }, (_, i) => set(i)));
    expect([...new Set(codes)]).toEqual(['SUCCESS']);
  });
});
