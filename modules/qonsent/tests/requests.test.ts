import { squid } from '@anarq/squid/contract';
import type { Actor, TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { node as nodeModule } from '@anarq/node-module/contract';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qonsent } from '../src/contract.ts';
import { agentOf, codeOf, giveAtHome, startNode } from './support.ts';

let node: TestNode;
let now_ms = Date.now();
let alice: Actor;
let bob: Actor;
let mallory: Actor;
let agent: Awaited<ReturnType<typeof agentOf>>;
let count = 0;

beforeAll(async () => {
  node = await startNode({ modules: ['squid', 'qonsent', 'node'], now_ms: () => now_ms });
});
afterAll(() => node.close());
beforeEach(async () => {
  now_ms = Date.now();
  count += 1;
  alice = await node.person(`Alice ${count}`);
  bob = await node.person(`Bob ${count}`);
  mallory = await node.person(`Mallory ${count}`);
  agent = await agentOf(node, alice, `agent ${count}`, { command: '/qindex/search' });
});

const ask = (who: Actor, more: Record<string, unknown> = {}) =>
  who.call(qonsent.request, {
    from: alice.did,
    command: '/squid/agents',
    reason: 'to know my sisters',
    ...more,
  });
const sign = (giver: Actor, order: object) =>
  toBase64url(
    node.kernel.services.grants.sign(
      {
        issuer: giver.did,
        audience: agent.did,
        subject: giver.did,
        command: '/squid/agents',
        policy: [],
        ...order,
      },
      deriveKeys(giver.seed, { index: 0 }),
    ),
  );
const topics = async (who: Actor) =>
  (await who.call(nodeModule.readEvents, { topics: ['q.qonsent.request.*'] })).items.map(
    ({ type, data }) => [type, (data as { answer?: string }).answer],
  );

describe('an agent whose grant does not reach', () => {
  it('is told how to ask, asks, and may once its owner has signed', async () => {
    const refused = await agent.robot.result(squid.agents, {});
    expect(refused).toMatchObject({
      code: 'QONSENT_DENIED',
      details: {
        ask: {
          operation: 'qonsent.request',
          input: { from: alice.did, command: '/squid/agents', operations: ['squid.agents'] },
        },
      },
    });
    const details = refused.status === 'error' ? refused.details : {};
    const told = details?.['ask'] as { input: { from: string; command: string } };
    const asked = await agent.robot.call(qonsent.request, {
      ...told.input,
      reason: 'to know my sisters',
    });
    expect(asked).toMatchObject({ state: 'OPEN', asker: agent.did, from: alice.did });
    const { items } = await alice.call(qonsent.requests, {});
    expect(items).toEqual([asked]);

    const { requestId, policy } = asked;
    const given = await alice.call(qonsent.approveRequest, {
      requestId,
      token: sign(alice, { policy }),
      note: 'gladly',
    });
    expect(given).toMatchObject({ issuer: alice.did, audience: agent.did, subject: alice.did });
    expect((await agent.robot.call(qonsent.myRequests, {})).items).toMatchObject([
      { requestId, state: 'APPROVED', grant: given.grant, note: 'gladly' },
    ]);
    const { token } = await alice.call(squid.issueToken, { agent: agent.did, grant: given.grant });
    expect(await codeOf(node.withToken(agent.did, token).call(squid.agents, {}))).toBe('OK');
    expect((await alice.call(qonsent.requests, {})).items).toEqual([]);
  });

  it('is refused with a reason, which it and nobody else reads', async () => {
    const { requestId } = await ask(agent.robot);
    await alice.call(qonsent.refuseRequest, { requestId, note: 'you have no sisters' });
    const [told] = (await agent.robot.call(qonsent.myRequests, {})).items;
    expect(told).toMatchObject({ state: 'REFUSED', note: 'you have no sisters' });
    for (const other of [bob, mallory]) {
      expect((await other.call(qonsent.requests, { all: true })).items).toEqual([]);
      expect((await other.call(qonsent.myRequests, {})).items).toEqual([]);
      for (const subject of [alice.did, agent.did])
        expect(await codeOf(other.call(qonsent.requests, {}, { subject }))).toBe('QONSENT_DENIED');
    }
  });

  it('and its owner are told by events, nobody else', async () => {
    const { requestId } = await ask(agent.robot);
    await alice.call(qonsent.refuseRequest, { requestId });
    const both = [
      ['q.qonsent.request.asked.v1', undefined],
      ['q.qonsent.request.answered.v1', 'REFUSED'],
    ];
    expect(await topics(alice)).toEqual(both);
    expect(await topics(agent.robot)).toEqual(both);
    expect(await topics(bob)).toEqual([]);
  });

  it('asks once, however often it asks, also at once', async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, () => ask(agent.robot)));
    expect(new Set(asked.map(({ requestId }) => requestId)).size).toBe(1);
    expect((await alice.call(qonsent.requests, {})).items).toHaveLength(1);
    const other = await ask(agent.robot, { command: '/squid/get' });
    expect(other.requestId).not.toBe(asked[0]?.requestId);
  });

  it('takes back what it asked; nobody takes back what another asked', async () => {
    const { requestId } = await ask(agent.robot);
    for (const other of [bob, alice])
      expect(await codeOf(other.call(qonsent.withdrawRequest, { requestId }))).toBe(
        'QINDEX_NOT_FOUND',
      );
    await agent.robot.call(qonsent.withdrawRequest, { requestId });
    const token = sign(alice, {});
    expect(await codeOf(alice.call(qonsent.approveRequest, { requestId, token }))).toBe(
      'STATE_CONFLICT',
    );
  });

  it('is not answered any more once the request ran out, and may ask again', async () => {
    const openUntil = new Date(now_ms + 60_000).toISOString();
    const { requestId } = await ask(agent.robot, { openUntil });
    now_ms += 60_000;
    expect((await alice.call(qonsent.requests, {}, { skew_ms: 60_000 })).items).toEqual([]);
    const late = { requestId, token: sign(alice, {}) };
    expect(await codeOf(alice.call(qonsent.approveRequest, late, { skew_ms: 60_000 }))).toBe(
      'STATE_CONFLICT',
    );
    const again = await ask(agent.robot);
    expect(again).toMatchObject({ state: 'OPEN' });
    expect(again.requestId).not.toBe(requestId);
    const { items } = await agent.robot.call(qonsent.myRequests, {});
    expect(items.map(({ state }) => state)).toEqual(['OPEN', 'EXPIRED']);
  });

  it('has sixteen open requests at most, whichever of its sisters asks', async () => {
    const { did } = await alice.call(squid.createAgent, { name: `sister ${count}` });
    const { grant } = await giveAtHome(node, alice, { audience: did, command: '/qindex/search' });
    const { token } = await alice.call(squid.issueToken, { agent: did, grant });
    const sister = node.withToken(did, token);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        codeOf(ask(i % 2 === 0 ? agent.robot : sister, { from: bob.did, command: `/squid/a${i}` })),
      ),
    );
    // Whoever met too many others is told to come again, and then there is no room.
    expect(answers.filter((code) => code === 'OK')).toHaveLength(16);
    for (const who of [agent.robot, sister])
      expect(await codeOf(ask(who, { from: bob.did, command: '/squid/more' }))).toBe(
        'LIMIT_EXCEEDED',
      );
    // Somebody else still reaches the same owner.
    expect(await codeOf(ask(mallory, { from: bob.did }))).toBe('OK');
  });

  it.each([
    ['a policy that is none', { policy: [['is', '.op', 1]] }, 'GRANT_MALFORMED'],
    ['half a cent', { budget: { unit: 'EUR', total: '0.005' } }, 'AMOUNT_INVALID'],
    [
      'somebody who does not exist',
      { from: `did:squid:Qm${'1'.repeat(44)}` },
      'SQUID_IDENTITY_INVALID',
    ],
    ['an answer in two months', { openUntil: '2099-01-01T00:00:00Z' }, 'LIMIT_EXCEEDED'],
    ['an answer yesterday', { openUntil: '2020-01-01T00:00:00Z' }, 'INPUT_INVALID'],
  ])('asks nobody for %s', async (_, more, code) => {
    expect(await codeOf(ask(agent.robot, more))).toBe(code);
  });

  it('asks in no name but its own', async () => {
    expect(
      await codeOf(
        mallory.call(
          qonsent.request,
          {
            from: alice.did,
            command: '/squid',
            reason: 'Bob needs it',
          },
          { subject: bob.did },
        ),
      ),
    ).toBe('QONSENT_DENIED');
  });
});

describe('an answer', () => {
  const budget = { unit: 'EUR', total: '10', perCall: '5' };
  const expiresAt = '2099-01-01T00:00:00Z';
  const exp_s = Date.parse(expiresAt) / 1000;
  const terms = { budget, expiresAt, resource: 'qindex/record/r1' };
  const policy = [['==', '.resource', 'qindex/record/r1']];

  it.each([
    ['another command', { command: '/squid' }],
    ['every command', { command: '/' }],
    ['no policy', { policy: [] }],
    ['no end', { exp_s: undefined }],
    ['a later end', { exp_s: exp_s + 1 }],
    ['no budget', { budget: undefined }],
    ['a larger budget', { budget: { ...budget, total: '10.01' } }],
    ['a larger call', { budget: { ...budget, perCall: '5.01' } }],
    ['a budget without a limit of calls', { budget: { unit: 'EUR', total: '10' } }],
    ['a budget in another unit', { budget: { ...budget, unit: 'rUv' } }],
  ])('never gives more than was asked for: %s', async (_, over) => {
    const { requestId } = await ask(agent.robot, terms);
    const token = sign(alice, { policy, exp_s, budget, ...over });
    expect(await codeOf(alice.call(qonsent.approveRequest, { requestId, token }))).toBe(
      'INPUT_INVALID',
    );
    expect((await alice.call(qonsent.requests, {})).items).toHaveLength(1);
    expect((await agent.robot.call(qonsent.myRequests, {})).items[0]?.grant).toBeUndefined();
  });

  it('gives less, where the owner says so', async () => {
    const { requestId } = await ask(agent.robot, terms);
    const less = { unit: 'EUR', total: '4', perCall: '2' };
    const half = [...policy, ['<', '.input.n', 3]];
    const token = sign(alice, { policy: half, exp_s: exp_s - 9, budget: less });
    const given = await alice.call(qonsent.approveRequest, { requestId, token, budget: less });
    expect(await alice.call(qonsent.get, { grant: given.grant })).toMatchObject({
      budget: less,
      policy: half,
    });
  });

  it('is only for who was asked, and goes only to who asked', async () => {
    const { requestId } = await ask(agent.robot);
    const stolen = { requestId, token: sign(mallory, {}) };
    expect(await codeOf(mallory.call(qonsent.approveRequest, stolen))).toBe('QONSENT_DENIED');
    expect(await codeOf(mallory.call(qonsent.refuseRequest, { requestId }))).toBe('QONSENT_DENIED');
    const toMallory = { requestId, token: sign(alice, { audience: mallory.did }) };
    expect(await codeOf(alice.call(qonsent.approveRequest, toMallory))).toBe('GRANT_CHAIN_BROKEN');
  });

  it('is not given by the asker itself, whatever it holds', async () => {
    const all = await agentOf(node, alice, `all ${count}`, {
      budget: { unit: 'EUR', total: '1' },
    });
    const { requestId } = await ask(all.robot, { command: '/' });
    const { grant } = all;
    const codes = [
      await codeOf(all.robot.call(qonsent.approveRequest, { requestId })),
      await codeOf(all.robot.call(qonsent.approveRequest, { requestId, proof: grant })),
    ];
    expect(codes).toEqual(['QONSENT_DENIED', 'GRANT_CYCLIC']);
    expect((await alice.call(qonsent.requests, {})).items).toHaveLength(1);
  });

  it('is given once, by two who answer at once', async () => {
    const { requestId } = await ask(agent.robot);
    const answers = await Promise.all(
      [1, 2, 3].map(() =>
        codeOf(alice.call(qonsent.approveRequest, { requestId, token: sign(alice, {}) })),
      ),
    );
    expect(answers.toSorted()).toEqual(['OK', 'STATE_CONFLICT', 'STATE_CONFLICT']);
    const { items } = await alice.call(qonsent.list, {});
    expect(items.filter(({ command }) => command === '/squid/agents')).toHaveLength(1);
  });

  it('passes on what who was asked holds itself, from the grant that it names', async () => {
    const { grant } = await giveAtHome(node, alice, { audience: bob.did, command: '/squid' });
    const about = { from: bob.did, subject: alice.did };
    const { requestId } = await ask(agent.robot, about);
    const own = { requestId, token: sign(bob, {}) };
    expect(await codeOf(bob.call(qonsent.approveRequest, own))).toBe('GRANT_CHAIN_BROKEN');
    const token = sign(bob, { subject: alice.did });
    const passed = { requestId, token, proof: grant };
    expect(await bob.call(qonsent.approveRequest, passed)).toMatchObject({
      issuer: bob.did,
      subject: alice.did,
      policyCid: grant,
    });
    const wider = await ask(agent.robot, { ...about, command: '/' });
    const tooWide = {
      requestId: wider.requestId,
      token: sign(bob, { subject: alice.did, command: '/' }),
      proof: grant,
    };
    expect(await codeOf(bob.call(qonsent.approveRequest, tooWide))).toBe('GRANT_OVER_BROAD');
  });

  it('is of no use to who was suspended meanwhile', async () => {
    const { requestId } = await ask(agent.robot);
    await alice.call(squid.suspend, { did: agent.did });
    const answer = alice.call(qonsent.approveRequest, { requestId, token: sign(alice, {}) });
    expect(await codeOf(answer)).toBe('SQUID_IDENTITY_INVALID');
  });

  it('and the request outlive a restart', async () => {
    const { requestId } = await ask(agent.robot);
    await node.restart();
    await alice.call(qonsent.approveRequest, { requestId, token: sign(alice, {}) });
    expect((await agent.robot.call(qonsent.myRequests, {})).items).toMatchObject([
      { state: 'APPROVED' },
    ]);
    const { items } = await alice.call(qonsent.list, {});
    const given = items.find(({ command }) => command === '/squid/agents');
    expect(given).toMatchObject({ audience: agent.did, inForce: true });
  });
});
