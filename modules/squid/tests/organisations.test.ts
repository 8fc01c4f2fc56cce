import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actorOf, type Actor, type TestNode } from '@anarq/testing';
import { squid } from '../src/contract.ts';
import { codeOf, ownKeys, startNode } from './support.ts';

let node: TestNode;
let founder: Actor;
let member: Actor;
let stranger: Actor;
let organisation: string;
let founding: string;

beforeAll(async () => {
  node = await startNode();
  founder = await node.person('Founder');
  member = await node.person('Member');
  stranger = await node.person('Stranger');
  const made = await founder.call(squid.createOrganisation, { name: 'Cooperative' });
  organisation = made.did;
  founding = made.grant!;
});
afterAll(() => node.close());

const as = (subject: string) => ({ subject });

describe('founding an organisation', () => {
  it('makes its identity and lets the founder act for it', async () => {
    const context = await founder.call(squid.activeContext, {});
    expect(context.grants).toContainEqual({
      grant: founding,
      subject: organisation,
      command: '/',
      purpose: 'role: admin',
      budgets: [],
    });
    const made = await founder.call(squid.createAgent, { name: 'house agent' }, as(organisation));
    expect(made.controller).toBe(organisation);
    expect(await codeOf(stranger.call(squid.createAgent, { name: 'x' }, as(organisation)))).toBe(
      'QONSENT_DENIED',
    );
  });

  it('takes a name once', async () => {
    const again = stranger.call(squid.createOrganisation, { name: 'Cooperative' });
    expect(await codeOf(again)).toBe('STATE_CONFLICT');
  });

  it('leaves delegating to an organisation that keeps its own keys', async () => {
    const keys = ownKeys('organisation', founder.did);
    const made = await founder.call(squid.createOrganisation, {
      name: 'Own keys',
      document: keys.document,
    });
    expect(made).toMatchObject({ did: keys.did, custody: 'self', controller: founder.did });
    expect(made).not.toHaveProperty('grant');
    const add = { organisation: keys.did, member: member.did, role: 'member' as const };
    expect(await codeOf(founder.call(squid.addMember, add))).toBe('CUSTODY_REFUSED');
  });

  it('refuses a document that names another controller', async () => {
    const { document } = ownKeys('organisation', founder.did);
    const claimed = stranger.call(squid.createOrganisation, { name: 'Taken over', document });
    expect(await codeOf(claimed)).toBe('SQUID_IDENTITY_INVALID');
  });
});

describe('members', () => {
  it('may do the ordinary things for it, and nothing that changes who belongs to it', async () => {
    const add = { organisation, member: member.did, role: 'member' as const };
    const added = await founder.call(squid.addMember, add);
    expect(added).toMatchObject({ member: member.did, role: 'member', inForce: true });
    const listed = await member.call(squid.members, { organisation }, as(organisation));
    expect(listed.items.map((m) => [m.member, m.role]).toSorted()).toEqual(
      [
        [founder.did, 'admin'],
        [member.did, 'member'],
      ].toSorted(),
    );
    const promote = { organisation, member: member.did, role: 'admin' as const };
    for (const options of [{}, as(organisation)]) {
      expect(await codeOf(member.call(squid.addMember, promote, options))).toBe('QONSENT_DENIED');
      const out = { organisation, member: founder.did };
      expect(await codeOf(member.call(squid.removeMember, out, options))).toBe('QONSENT_DENIED');
    }
    expect(await codeOf(member.call(squid.createAgent, { name: 'y' }, as(organisation)))).toBe(
      'QONSENT_DENIED',
    );
    expect(await codeOf(founder.call(squid.addMember, add))).toBe('STATE_CONFLICT');
  });

  it('become administrators, who add others, and their earlier delegation ends', async () => {
    const before = await founder.call(squid.members, { organisation });
    const old = before.items.find((m) => m.member === member.did)!.grant;
    const promote = { organisation, member: member.did, role: 'admin' as const };
    const now = await founder.call(squid.addMember, promote);
    expect(now.grant).not.toBe(old);
    expect(await node.kernel.services.grants.isRevoked(old)).toBe(true);
    const third = await node.person('Third');
    const add = { organisation, member: third.did, role: 'member' as const };
    expect(await codeOf(member.call(squid.addMember, add, as(organisation)))).toBe('OK');
    expect((await third.call(squid.members, { organisation })).items).toHaveLength(3);
  });

  it('lose everything at once when they are removed', async () => {
    await founder.call(squid.removeMember, { organisation, member: member.did });
    const agent = member.call(squid.createAgent, { name: 'late' }, as(organisation));
    expect(await codeOf(agent)).toBe('QONSENT_DENIED');
    expect(await codeOf(member.call(squid.members, { organisation }))).toBe('QONSENT_DENIED');
    const again = founder.call(squid.removeMember, { organisation, member: member.did });
    expect(await codeOf(again)).toBe('QINDEX_NOT_FOUND');
  });

  it('keep their roles when the node starts again', async () => {
    await node.restart();
    const context = await founder.call(squid.activeContext, {});
    expect(context.grants.map(({ grant }) => grant)).toContain(founding);
  });
});

describe('taking an organisation over', () => {
  it('is refused to a stranger at every door', async () => {
    const me = { organisation, member: stranger.did, role: 'admin' as const };
    expect(await codeOf(stranger.call(squid.addMember, me))).toBe('QONSENT_DENIED');
    expect(await codeOf(stranger.call(squid.addMember, me, as(organisation)))).toBe(
      'QONSENT_DENIED',
    );
    expect(await codeOf(stranger.call(squid.addMember, me, as(founder.did)))).toBe(
      'QONSENT_DENIED',
    );
    const out = { organisation, member: founder.did };
    expect(await codeOf(stranger.call(squid.removeMember, out))).toBe('QONSENT_DENIED');
    expect(await codeOf(stranger.call(squid.suspend, { did: organisation }))).toBe(
      'QONSENT_DENIED',
    );
    expect(await codeOf(stranger.call(squid.members, { organisation }))).toBe('QONSENT_DENIED');
    const fromAfar = await node.person('Afar', 'afar');
    expect(await codeOf(fromAfar.call(squid.addMember, { ...me, member: fromAfar.did }))).toBe(
      'QINDEX_NOT_FOUND',
    );
  });

  it('is refused for an identity that is no organisation', async () => {
    const me = { organisation: founder.did, member: stranger.did, role: 'admin' as const };
    expect(await codeOf(founder.call(squid.addMember, me))).toBe('STATE_CONFLICT');
  });

  it('does not let an organisation be a member of itself', async () => {
    const itself = { organisation, member: organisation, role: 'admin' as const };
    expect(await codeOf(founder.call(squid.addMember, itself))).toBe('GRANT_CYCLIC');
  });
});

describe('an interrupted founding', () => {
  it('ends with an organisation that its founder may act for, once', async () => {
    let stopped = false;
    const fragile = await startNode({
      probe: (point) => {
        if (!stopped && point === 'after-step squid.createOrganisation identity') {
          stopped = true;
          throw new Error('the power went');
        }
      },
    });
    try {
      const alice = await fragile.person('Alice');
      const key = { idempotencyKey: 'found-once' };
      await alice.result(squid.createOrganisation, { name: 'Twice' }, key);
      expect(stopped).toBe(true);
      await fragile.restart();
      const answer = await alice.result(squid.createOrganisation, { name: 'Twice' }, key);
      expect(answer).toMatchObject({ status: 'ok', data: { controller: alice.did } });
      const { did } = (answer as { data: { did: string } }).data;
      expect((await alice.call(squid.members, { organisation: did })).items).toHaveLength(1);
    } finally {
      await fragile.close();
    }
  });
});

describe('an actor of the tests', () => {
  it('is known by its own keys only', async () => {
    const impostor = actorOf(() => node.kernel, { did: founder.did, seed: stranger.seed });
    expect(await codeOf(impostor.call(squid.createAgent, { name: 'z' }))).toBe('SIGNATURE_INVALID');
  });
});
