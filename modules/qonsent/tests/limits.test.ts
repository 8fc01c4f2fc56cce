import { squid } from '@anarq/squid/contract';
import type { Actor, TestNode } from '@anarq/testing';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qonsent } from '../src/contract.ts';
import { agentOf, codeOf, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  bob = await node.person('Bob');
});
afterAll(() => node.close());

const until = '2099-01-01T00:00:00.000Z';
const budget = { unit: 'EUR', perHour: '5', perDay: '8', until };
const calls = { perMinute: 3, total: 90 };
const signed = (over: object = {}) =>
  toBase64url(
    node.kernel.services.grants.sign(
      {
        issuer: alice.did,
        audience: bob.did,
        subject: alice.did,
        command: '/squid',
        policy: [],
        budget: { unit: 'EUR', perHour: '5', perDay: '8', until_s: Date.parse(until) / 1000 },
        calls,
        ...over,
      },
      deriveKeys(alice.seed, { index: 0 }),
    ),
  );
const give = (token: string, more: object = {}) =>
  alice.call(qonsent.grant, { audience: bob.did, command: '/squid', token, ...more });

describe('limits over periods, on calls, and until an instant', () => {
  it('stand in the grant, and what is left of each is shown', async () => {
    const { grant } = await give(signed(), { budget, calls });
    expect(await bob.call(qonsent.get, { grant })).toMatchObject({ budget, calls });
    for (let i = 0; i < 3; i++) await bob.call(squid.agents, {}, { subject: alice.did });
    expect(await codeOf(bob.call(squid.agents, {}, { subject: alice.did }))).toBe(
      'BUDGET_EXCEEDED',
    );
    const { budgets } = await alice.call(qonsent.budget, { grant });
    expect(budgets).toMatchObject([
      { unit: 'EUR', spent: '0', until, periods: [{ period: 'hour', left: '5' }, { limit: '8' }] },
      { unit: 'call', total: '90', left: '87', periods: [{ period: 'minute', left: '0' }] },
    ]);
  });

  it.each([
    ['no limit of a day', { budget: { unit: 'EUR', perHour: '5' } }, { budget }],
    ['no end', { budget: { unit: 'EUR', perHour: '5', perDay: '8' } }, { budget }],
    ['more calls', { calls: { perMinute: 4, total: 90 } }, { calls }],
    ['no limit of calls', { calls: undefined }, { calls }],
  ])('that only stand beside a token are not believed: %s', async (_, over, stated) => {
    expect(await codeOf(give(signed(over), stated))).toBe('INPUT_INVALID');
  });

  it('are signed by the node for whom it keeps keys, and only narrow down a chain', async () => {
    const agent = await agentOf(node, alice, 'carrier', {
      budget: { unit: 'EUR', perDay: '8' },
      calls: { perDay: 9 },
    });
    const pass = (more: object) =>
      agent.robot.call(qonsent.grant, {
        audience: bob.did,
        command: '/squid',
        proof: agent.grant,
        ...more,
      });
    const { grant } = await pass({ budget: { unit: 'EUR', perDay: '7' }, calls: { perDay: 8 } });
    expect(await bob.call(qonsent.get, { grant })).toMatchObject({
      budget: { unit: 'EUR', perDay: '7' },
      calls: { perDay: 8 },
    });
    expect(await codeOf(pass({ budget: { unit: 'EUR', perDay: '8.01' } }))).toBe(
      'GRANT_OVER_BROAD',
    );
    expect(await codeOf(pass({ calls: { perDay: 10 } }))).toBe('GRANT_OVER_BROAD');
    expect(await codeOf(pass({ budget: { unit: 'EUR', perDay: '0.001' } }))).toBe('AMOUNT_INVALID');
  });
});
