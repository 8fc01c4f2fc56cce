import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { squid } from '@anarq/squid/contract';
import type { Actor, TestNode } from '@anarq/testing';
import { qonsent } from '../src/contract.ts';
import { agentOf, codeOf, giveAtHome, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let bob: Actor;
let mallory: Actor;
let far: Actor;

beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  bob = await node.person('Bob');
  mallory = await node.person('Mallory');
  far = await node.person('Far', 'far');
});
afterAll(() => node.close());

describe('giving', () => {
  it('lets the holder act for the giver, from the next call on', async () => {
    const forAlice = { subject: alice.did };
    const list = () => codeOf(bob.call(squid.agents, {}, forAlice));
    expect(await list()).toBe('QONSENT_DENIED');
    const given = await giveAtHome(node, alice, {
      audience: bob.did,
      command: '/squid/agents',
    });
    expect(given).toMatchObject({
      policyCid: given.grant,
      scope: '/squid/agents',
      exp: 0,
      issuer: alice.did,
      audience: bob.did,
      subject: alice.did,
    });
    expect(await list()).toBe('OK');
    await alice.call(qonsent.revoke, { grant: given.grant });
    expect(await list()).toBe('QONSENT_DENIED');
  });

  it('needs a token from who keeps own keys', async () => {
    const plain = { audience: bob.did, command: '/squid' };
    expect(await codeOf(alice.call(qonsent.grant, plain))).toBe('CUSTODY_REFUSED');
  });

  it('refuses a token that somebody else signed, issued, or that says another thing', async () => {
    const { grants } = node.kernel.services;
    const order = {
      issuer: alice.did,
      audience: mallory.did,
      subject: alice.did,
      command: '/squid',
      policy: [],
    };
    const send = (
      who: Actor,
      token: Uint8Array,
      over: { command?: string; audience?: string } = {},
    ) =>
      codeOf(
        who.call(qonsent.grant, {
          audience: mallory.did,
          command: '/squid',
          token: toBase64url(token),
          ...over,
        }),
      );
    const forged = grants.sign(order, deriveKeys(mallory.seed, { index: 0 }));
    expect(await send(mallory, forged)).toBe('SIGNATURE_INVALID');
    const genuine = grants.sign(order, deriveKeys(alice.seed, { index: 0 }));
    expect(await send(mallory, genuine)).toBe('GRANT_CHAIN_BROKEN');
    expect(await send(alice, genuine, { command: '/' })).toBe('INPUT_INVALID');
    expect(await send(alice, genuine, { audience: bob.did })).toBe('INPUT_INVALID');
    const flipped = Uint8Array.from(genuine);
    flipped[20]! ^= 1;
    expect(await send(alice, flipped)).toBe('SIGNATURE_INVALID');
    expect(await send(alice, genuine.subarray(0, 100))).toBe('GRANT_MALFORMED');
    const ofAlice = { ...order, issuer: mallory.did, audience: mallory.did };
    const stolen = grants.sign(ofAlice, deriveKeys(mallory.seed, { index: 0 }));
    expect(await send(mallory, stolen)).toBe('GRANT_CYCLIC');
    const about = { ...order, issuer: mallory.did, audience: bob.did };
    const other = grants.sign(about, deriveKeys(mallory.seed, { index: 0 }));
    expect(await send(mallory, other, { audience: bob.did })).toBe('GRANT_CHAIN_BROKEN');
  });

  it('refuses a token that lacks a limit which the call states beside it', async () => {
    const { did: audience } = await alice.call(squid.createAgent, { name: 'beside' });
    const signed = (over: object) =>
      toBase64url(
        node.kernel.services.grants.sign(
          {
            issuer: alice.did,
            audience,
            subject: alice.did,
            command: '/qdrive',
            policy: [['==', '.resource', 'qdrive/file/f']],
            ...over,
          },
          deriveKeys(alice.seed, { index: 0 }),
        ),
      );
    const send = (beside: object, over: object = {}) =>
      codeOf(
        alice.call(qonsent.grant, { audience, command: '/qdrive', token: signed(over), ...beside }),
      );
    const budget = { unit: 'rUv', total: '20' };
    const until = { expiresAt: '2100-01-01T00:00:00Z' };
    const from = { notBefore: '2001-01-01T00:00:00Z' };
    expect(await send({ resource: 'qdrive/file/g' })).toBe('INPUT_INVALID');
    expect(await send({ operations: ['qdrive.get'] })).toBe('INPUT_INVALID');
    expect(await send({ policy: [['==', '.op', 'qdrive.get']] })).toBe('INPUT_INVALID');
    expect(await send({ budget })).toBe('INPUT_INVALID');
    expect(await send({ budget }, { budget: { unit: 'rUv', total: '21' } })).toBe('INPUT_INVALID');
    expect(await send(until)).toBe('INPUT_INVALID');
    expect(await send(until, { exp_s: 4_200_000_000 })).toBe('INPUT_INVALID');
    expect(await send(from)).toBe('INPUT_INVALID');
    const all = { resource: 'qdrive/file/f', budget, ...until, ...from };
    const within = { budget, exp_s: 4_000_000_000, nbf_s: 1_000_000_000 };
    expect(await send(all, within)).toBe('OK');
  });

  it('registers a token once, and never again after its revocation', async () => {
    const order = {
      issuer: alice.did,
      audience: bob.did,
      subject: alice.did,
      command: '/squid/agents',
      policy: [],
    };
    const token = toBase64url(
      node.kernel.services.grants.sign(order, deriveKeys(alice.seed, { index: 0 })),
    );
    const register = () =>
      alice.call(qonsent.grant, { audience: bob.did, command: '/squid/agents', token });
    const { grant } = await register();
    expect(await codeOf(register())).toBe('STATE_CONFLICT');
    await alice.call(qonsent.revoke, { grant });
    expect(await codeOf(register())).toBe('GRANT_REVOKED');
    await node.restart();
    expect(await codeOf(register())).toBe('GRANT_REVOKED');
  });

  it('refuses somebody unknown, of another tenant, or a time that has passed', async () => {
    const give = (audience: string) => codeOf(giveAtHome(node, alice, { audience }));
    expect(await give('did:squid:QmcRD4wkPPi6dig81r5sLj9Zm1gDCL4zgpEj9CfuRrGbzF')).toBe(
      'SQUID_IDENTITY_INVALID',
    );
    expect(await give(far.did)).toBe('SQUID_IDENTITY_INVALID');
    expect(await codeOf(giveAtHome(node, alice, { audience: bob.did, exp_s: 1_000 }))).toBe(
      'GRANT_EXPIRED',
    );
  });
});

describe('an agent that passes its grant on', () => {
  const delegate = '/qonsent';

  it('gives part of what it holds, signed by the node, and not more', async () => {
    const boss = await agentOf(node, alice, 'boss', { command: '/' });
    const helper = await alice.call(squid.createAgent, { name: 'helper' });
    const input = {
      audience: helper.did,
      command: '/squid/agents',
      proof: boss.grant,
      expiresAt: '2999-01-01T00:00:00Z',
    };
    const given = await boss.robot.call(qonsent.grant, input);
    expect(given).toMatchObject({
      issuer: boss.did,
      audience: helper.did,
      subject: alice.did,
      policyCid: boss.grant,
    });
    const { token } = await alice.call(squid.issueToken, {
      agent: helper.did,
      grant: given.grant,
    });
    const robot = node.withToken(helper.did, token);
    expect((await robot.call(squid.agents, { name: 'boss' })).items).toHaveLength(1);
    await alice.call(qonsent.revoke, { grant: boss.grant });
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('GRANT_REVOKED');
    expect(await codeOf(boss.robot.call(squid.agents, {}))).toBe('GRANT_REVOKED');
  });

  it('cannot widen it: no new root, no wider command, time, budget, and no other’s grant', async () => {
    const narrow = await agentOf(node, alice, 'narrow', {
      command: delegate,
      exp_s: 4_000_000_000,
      budget: { unit: 'rUv', total: '20' },
    });
    const broad = await agentOf(node, bob, 'broad', { command: '/' });
    const audience = (await alice.call(squid.createAgent, { name: 'friend' })).did;
    const ask = (input: object) =>
      codeOf(narrow.robot.call(qonsent.grant, { audience, command: delegate, ...input }));
    expect(await ask({})).toBe('QONSENT_DENIED');
    expect(await ask({ command: '/' })).toBe('QONSENT_DENIED');
    const { grant: proof } = narrow;
    expect(await ask({ proof, command: '/' })).toBe('GRANT_OVER_BROAD');
    expect(await ask({ proof, command: '/squid' })).toBe('GRANT_OVER_BROAD');
    expect(await ask({ proof, budget: { unit: 'rUv', total: '21' } })).toBe('GRANT_OVER_BROAD');
    expect(await ask({ proof, budget: { unit: 'rUv', total: '0.0000001' } })).toBe(
      'AMOUNT_INVALID',
    );
    expect(await ask({ proof: broad.grant, command: '/' })).toBe('QONSENT_DENIED');
    expect(await ask({ proof, audience: narrow.did })).toBe('GRANT_CYCLIC');
    expect(await ask({ proof, audience: alice.did })).toBe('GRANT_CYCLIC');
    expect(await ask({ proof, policy: { not: 'a list' } })).toBe('GRANT_MALFORMED');
    expect(await ask({ proof, policy: [['like', 'no selector', '*']] })).toBe('GRANT_MALFORMED');
    expect(await ask({ proof, expiresAt: '2001-01-01T00:00:00Z' })).toBe('GRANT_EXPIRED');
    expect(await ask({ proof, budget: { unit: 'rUv', total: '5', perCall: '1' } })).toBe('OK');
    expect(await codeOf(narrow.robot.call(squid.agents, {}))).toBe('QONSENT_DENIED');
  });

  it('cannot use with one token what its agent holds under another grant', async () => {
    const { did, robot } = await agentOf(node, alice, 'two grants', { command: '/qonsent' });
    const { grant: broad } = await giveAtHome(node, alice, { audience: did, command: '/' });
    const pass = { audience: mallory.did, command: '/squid', proof: broad };
    expect(await codeOf(robot.call(qonsent.grant, pass))).toBe('QONSENT_DENIED');
    const more = { agent: did, grant: broad };
    const keys = await agentOf(node, alice, 'key keeper', { command: '/' });
    expect(await codeOf(keys.robot.call(squid.issueToken, more))).toBe('QONSENT_DENIED');
    expect(await codeOf(keys.robot.call(squid.createOrganisation, { name: 'Robots' }))).toBe(
      'QONSENT_DENIED',
    );
    const { did: organisation } = await alice.call(squid.createOrganisation, { name: 'Robots' });
    const join = { organisation, member: mallory.did, role: 'admin' as const };
    expect(await codeOf(keys.robot.call(squid.addMember, join))).toBe('QONSENT_DENIED');
  });

  it('does not outlive the end of what it was built on', async () => {
    const soon_s = Math.floor(Date.now() / 1000) + 3_600;
    const brief = await agentOf(node, alice, 'brief', { command: delegate, exp_s: soon_s });
    const { did: audience } = await alice.call(squid.createAgent, { name: 'heir' });
    const given = await brief.robot.call(qonsent.grant, {
      audience,
      command: delegate,
      proof: brief.grant,
      expiresAt: '2999-01-01T00:00:00Z',
    });
    expect(given.exp).toBe(soon_s);
  });
});

describe('an administrator of an organisation', () => {
  it('passes its authority on with own keys; when the role ends, so does what was passed on', async () => {
    const { did: organisation, grant: role } = await alice.call(squid.createOrganisation, {
      name: 'House',
    });
    await alice.call(squid.addMember, { organisation, member: bob.did, role: 'admin' });
    const { items } = await alice.call(squid.members, { organisation });
    const proof = items.find(({ member }) => member === bob.did)!.grant;
    const { did: audience } = await bob.call(squid.createAgent, { name: 'house buyer' });
    const terms = { audience, command: '/squid', subject: organisation };
    expect(await codeOf(giveAtHome(node, bob, { ...terms, proof: role! }))).toBe(
      'GRANT_CHAIN_BROKEN',
    );
    expect(await codeOf(giveAtHome(node, bob, terms))).toBe('GRANT_CHAIN_BROKEN');
    const { grant } = await giveAtHome(node, bob, { ...terms, proof });
    const { token } = await bob.call(squid.issueToken, { agent: audience, grant });
    const robot = node.withToken(audience, token);
    expect((await robot.call(squid.activeContext, {})).subject).toBe(organisation);
    expect(await codeOf(robot.call(squid.members, { organisation }))).toBe('OK');
    await alice.call(squid.removeMember, { organisation, member: bob.did });
    expect(await codeOf(robot.call(squid.members, { organisation }))).toBe('GRANT_REVOKED');
  });
});

describe('cyclic and broken chains', () => {
  it('are refused: nobody receives what it gave on', async () => {
    const first = await giveAtHome(node, alice, { audience: bob.did, command: '/squid' });
    const second = await giveAtHome(node, bob, {
      audience: mallory.did,
      command: '/squid',
      subject: alice.did,
      proof: first.grant,
    });
    const back = (audience: string) =>
      codeOf(
        giveAtHome(node, mallory, {
          audience,
          command: '/squid',
          subject: alice.did,
          proof: second.grant,
        }),
      );
    expect(await back(bob.did)).toBe('GRANT_CYCLIC');
    expect(await back(alice.did)).toBe('GRANT_CYCLIC');
    await bob.call(qonsent.revoke, { grant: second.grant });
    expect(await back(far.did)).toBe('SQUID_IDENTITY_INVALID');
    const helper = await mallory.call(squid.createAgent, { name: 'late helper' });
    expect(await back(helper.did)).toBe('GRANT_REVOKED');
  });
});

describe('limits on resource and operation', () => {
  it('hold for the calls that use the grant', async () => {
    const theirs = await alice.call(squid.createAgent, { name: 'limited one' });
    const other = await alice.call(squid.createAgent, { name: 'another one' });
    const { robot } = await agentOf(node, alice, 'warden', {
      command: '/squid',
      policy: [
        ['==', '.resource', `squid/identity/${theirs.did}`],
        ['or', [['==', '.op', 'squid.revokeToken']]],
      ],
    });
    const end = (agent: string) =>
      codeOf(robot.call(squid.revokeToken, { agent, tokenId: 'tok_x' }));
    // The grant lets the call through; there just is no such token.
    expect(await end(theirs.did)).toBe('QINDEX_NOT_FOUND');
    expect(await end(other.did)).toBe('QONSENT_DENIED');
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('QONSENT_DENIED');
  });

  it('are written by plain members, for an issuer whose keys the node keeps', async () => {
    const boss = await agentOf(node, alice, 'planner', { command: '/' });
    const { did: audience } = await alice.call(squid.createAgent, { name: 'worker' });
    const { grant } = await boss.robot.call(qonsent.grant, {
      audience,
      command: '/qdrive',
      resource: 'qdrive/file/file_1',
      operations: ['qdrive.get'],
      policy: [['!=', '.input.form', 'plain']],
      proof: boss.grant,
      purpose: 'one file',
    });
    expect(await boss.robot.call(qonsent.get, { grant })).toMatchObject({
      policy: [
        ['==', '.resource', 'qdrive/file/file_1'],
        [
          'or',
          [
            ['==', '.op', 'qdrive.get'],
            ['==', '.tool', 'qdrive.get'],
          ],
        ],
        ['!=', '.input.form', 'plain'],
      ],
      purpose: 'one file',
      proof: boss.grant,
      inForce: true,
    });
    const ask = async (over: object) =>
      boss.robot.call(qonsent.check, {
        audience,
        command: '/qdrive/get',
        resource: 'qdrive/file/file_1',
        operation: 'qdrive.get',
        input: { form: 'sealed' },
        ...over,
      });
    expect(await ask({})).toMatchObject({ allowed: true, why: { grant } });
    expect(await ask({ resource: 'qdrive/file/file_2' })).toMatchObject({
      allowed: false,
      why: { grant, changeableBy: boss.did },
    });
    expect((await ask({ operation: 'qdrive.remove' })).allowed).toBe(false);
    expect((await ask({ input: { form: 'plain' } })).allowed).toBe(false);
    expect((await ask({ command: '/qmarket/list' })).why.rule).toMatch(/no grant/);
  });
});
