import { deriveKeys } from '@anarq/crypto';
import type { Actor, TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { squid } from '../src/contract.ts';
import { codeOf, ownKeys, startNode } from './support.ts';

/**
 * Somebody who got a part of another's authority: with a limit, with an end, to be taken back. Nothing
 * made with it may be without all three.
 */
let node: TestNode;
let ana: Actor;
let bob: Actor;
let eve: Actor;
let organisation: string;

beforeAll(async () => {
  node = await startNode();
  ana = await node.person('Ana');
  bob = await node.person('Bob');
  eve = await node.person('Eve');
  ({ did: organisation } = await ana.call(squid.createOrganisation, { name: 'Acme' }));
  await give(ana, bob.did, { unit: 'rUv', total: '5' });
});
afterAll(() => node.close());

/** Everything that the giver may do, up to a budget; answers the CID. */
async function give(giver: Actor, audience: string, budget: { unit: string; total: string }) {
  const { grants } = node.kernel.services;
  const prepared = await grants.prepareRegister({
    token: grants.sign(
      { issuer: giver.did, audience, subject: giver.did, command: '/', policy: [], budget },
      deriveKeys(giver.seed, { index: 0 }),
    ),
    tenant: node.kernel.node.tenant,
    purpose: 'test',
    now_ms: Date.now(),
  });
  await node.store.commit(prepared.statements);
  prepared.activate();
  return prepared.grant.leaf;
}

const forAna = () => ({ subject: ana.did });

describe('a delegate of the controller', () => {
  it('gives no role in its organisation, and takes none', async () => {
    const seat = { organisation, member: bob.did, role: 'admin' as const };
    expect(await codeOf(bob.call(squid.addMember, seat, forAna()))).toBe('QONSENT_DENIED');
    const out = { organisation, member: ana.did };
    expect(await codeOf(bob.call(squid.removeMember, out, forAna()))).toBe('QONSENT_DENIED');
    const { items } = await ana.call(squid.members, { organisation });
    expect(items.map(({ member }) => member)).toEqual([ana.did]);
  });

  it('makes no identity that would be the controller’s', async () => {
    const sub = { purpose: 'mine', document: ownKeys('person', ana.did).document };
    expect(await codeOf(bob.call(squid.createSub, sub, forAna()))).toBe('QONSENT_DENIED');
    const house = { name: 'Front', document: ownKeys('organisation', ana.did).document };
    for (const found of [squid.registerOrganisation, squid.createOrganisation] as const)
      expect(await codeOf(bob.call(found, house, forAna()))).toBe('QONSENT_DENIED');
    expect(await codeOf(bob.call(squid.createAgent, { name: 'his' }, forAna()))).toBe(
      'QONSENT_DENIED',
    );
  });

  it('stops none of its agents, and gives out no token of theirs', async () => {
    const { did } = await ana.call(squid.createAgent, { name: 'rich one' });
    const grant = await give(ana, did, { unit: 'rUv', total: '1000' });
    for (const options of [{}, forAna()]) {
      expect(await codeOf(bob.call(squid.suspend, { did }, options))).toBe('QONSENT_DENIED');
      expect(await codeOf(bob.call(squid.resume, { did }, options))).toBe('QONSENT_DENIED');
      const token = bob.call(squid.issueToken, { agent: did, grant }, options);
      expect(await codeOf(token)).toBe('QONSENT_DENIED');
    }
    expect((await ana.call(squid.verify, { did })).valid).toBe(true);
  });

  it('is no more for holding a token', async () => {
    const { did } = await ana.call(squid.createAgent, { name: 'helper' });
    const grant = await give(ana, did, { unit: 'rUv', total: '1' });
    const { token } = await ana.call(squid.issueToken, { agent: did, grant });
    const robot = node.withToken(did, token);
    const sub = { purpose: 'mine', document: ownKeys('person', ana.did).document };
    expect(await codeOf(robot.call(squid.createSub, sub))).toBe('QONSENT_DENIED');
    expect(await codeOf(robot.call(squid.createAgent, { name: 'next' }))).toBe('QONSENT_DENIED');
    expect(await codeOf(robot.call(squid.registerOrganisation, { name: 'Its own' }))).toBe(
      'QONSENT_DENIED',
    );
    expect(await codeOf(robot.call(squid.suspend, { did: organisation }))).toBe('QONSENT_DENIED');
  });
});

describe('an administrator of an organisation', () => {
  const forIt = () => ({ subject: organisation });

  it('acts under its role, and hands on no part of it that could do the same', async () => {
    const seat = { organisation, member: bob.did, role: 'admin' as const };
    const { grant: proof } = await ana.call(squid.addMember, seat, forIt());
    const { did } = await bob.call(squid.createAgent, { name: 'house keeper' }, forIt());
    expect(await codeOf(bob.call(squid.suspend, { did }, forIt()))).toBe('OK');
    expect(await codeOf(bob.call(squid.resume, { did }, forIt()))).toBe('OK');

    const { grants } = node.kernel.services;
    const order = { issuer: bob.did, audience: eve.did, subject: organisation, command: '/' };
    const prepared = await grants.prepareRegister({
      token: grants.sign({ ...order, policy: [] }, deriveKeys(bob.seed, { index: 0 })),
      proof,
      tenant: node.kernel.node.tenant,
      purpose: 'test',
      now_ms: Date.now(),
    });
    await node.store.commit(prepared.statements);
    prepared.activate();
    expect(await codeOf(eve.call(squid.agents, {}, forIt()))).toBe('OK');
    const hers = { organisation, member: eve.did, role: 'admin' as const };
    expect(await codeOf(eve.call(squid.addMember, hers, forIt()))).toBe('QONSENT_DENIED');
    expect(await codeOf(eve.call(squid.createAgent, { name: 'hers' }, forIt()))).toBe(
      'QONSENT_DENIED',
    );
    expect(await codeOf(eve.call(squid.suspend, { did }, forIt()))).toBe('QONSENT_DENIED');
  });
});
