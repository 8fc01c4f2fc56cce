import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor, TestNode } from '@anarq/testing';
import { qonsent } from '../src/contract.ts';
import { codeOf, giveAtHome, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let bob: Actor;
let carol: Actor;
let stranger: Actor;
let first: string;
let second: string;

beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  bob = await node.person('Bob');
  carol = await node.person('Carol');
  stranger = await node.person('Stranger');
  ({ grant: first } = await giveAtHome(node, alice, {
    audience: bob.did,
    command: '/qwallet',
    budget: { unit: 'rUv', total: '20', perCall: '5' },
    exp_s: 4_000_000_000,
  }));
  ({ grant: second } = await giveAtHome(node, bob, {
    audience: carol.did,
    command: '/qwallet/pay',
    subject: alice.did,
    budget: { unit: 'rUv', total: '3.50' },
    proof: first,
  }));
});
afterAll(() => node.close());

describe('showing grants', () => {
  it('is for those whom a grant concerns; to others it looks as if there were none', async () => {
    for (const who of [alice, bob, carol])
      expect(await who.call(qonsent.get, { grant: second })).toMatchObject({
        issuer: bob.did,
        audience: carol.did,
        subject: alice.did,
        budget: { unit: 'rUv', total: '3.50' },
        inForce: true,
      });
    expect(await codeOf(stranger.call(qonsent.get, { grant: second }))).toBe('QINDEX_NOT_FOUND');
    expect(await codeOf(stranger.call(qonsent.budget, { grant: second }))).toBe('QINDEX_NOT_FOUND');
    expect(await codeOf(carol.call(qonsent.get, { grant: first }))).toBe('QINDEX_NOT_FOUND');
    const question = { audience: carol.did, command: '/qwallet/pay' };
    expect((await carol.call(qonsent.check, question)).allowed).toBe(true);
    expect((await alice.call(qonsent.check, question)).allowed).toBe(true);
    expect(await stranger.call(qonsent.check, question)).toEqual({
      allowed: false,
      why: { rule: `no grant gives ${carol.did} /qwallet/pay` },
    });
  });

  it('lists them newest first, page by page, to the end', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bob.call(qonsent.list, { limit: 1, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ grant }) => grant));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen.toSorted()).toEqual([first, second].toSorted());
    expect((await stranger.call(qonsent.list, {})).items).toEqual([]);
    expect(await codeOf(bob.call(qonsent.list, { cursor: 'AAAA' }))).toBe('INPUT_INVALID');
  });

  it('says what is left at each link of the chain', async () => {
    await node.store.commit([
      {
        sql: 'UPDATE kernel_budget SET spent_minor = 1250000, reserved_minor = 250000',
        params: {},
      },
    ]);
    expect(await carol.call(qonsent.budget, { grant: second })).toEqual({
      grant: second,
      budgets: [
        {
          grant: second,
          unit: 'rUv',
          total: '3.5',
          left: '2',
          periods: [],
          spent: '1.25',
          reserved: '0.25',
        },
        {
          grant: first,
          unit: 'rUv',
          total: '20',
          left: '18.5',
          periods: [],
          perCall: '5',
          spent: '1.25',
          reserved: '0.25',
        },
      ],
    });
  });
});

describe('revoking', () => {
  it('is refused to a stranger and to the holder', async () => {
    expect(await codeOf(stranger.call(qonsent.revoke, { grant: second }))).toBe('QINDEX_NOT_FOUND');
    expect(await codeOf(carol.call(qonsent.revoke, { grant: second }))).toBe('QONSENT_DENIED');
    expect((await carol.call(qonsent.get, { grant: second })).inForce).toBe(true);
  });

  it('reaches every grant that was built on it, and stays after a restart', async () => {
    const { revokedAt } = await alice.call(qonsent.revoke, { grant: first });
    for (const again of [0, 1]) {
      expect(await carol.call(qonsent.get, { grant: second })).toMatchObject({ inForce: false });
      expect(await bob.call(qonsent.get, { grant: first })).toMatchObject({
        inForce: false,
        revokedAt,
      });
      const question = { audience: carol.did, command: '/qwallet/pay' };
      expect((await carol.call(qonsent.check, question)).allowed).toBe(false);
      if (again === 0) await node.restart();
    }
  });

  it('is done once: again answers with the first time', async () => {
    const before = await bob.call(qonsent.get, { grant: first });
    const { revokedAt } = await alice.call(qonsent.revoke, { grant: first });
    expect(revokedAt).toBe(before.revokedAt);
  });

  it('is open to the root subject for a link that somebody else issued', async () => {
    const root = await giveAtHome(node, alice, { audience: bob.did, command: '/squid' });
    const below = await giveAtHome(node, bob, {
      audience: carol.did,
      command: '/squid',
      subject: alice.did,
      proof: root.grant,
    });
    await alice.call(qonsent.revoke, { grant: below.grant });
    expect((await bob.call(qonsent.get, { grant: root.grant })).inForce).toBe(true);
    expect((await bob.call(qonsent.get, { grant: below.grant })).inForce).toBe(false);
  });
});

describe('events', () => {
  it('tell of each grant and each revocation, and of nothing that was refused', async () => {
    const rows = await node.store.read(
      'SELECT topic, count(*) AS n FROM kernel_outbox GROUP BY topic ORDER BY topic',
    );
    expect(rows.map((row) => [row['topic'], row['n']])).toEqual([
      ['q.qonsent.grant.issued.v1', 4],
      ['q.qonsent.revoked.v1', 2],
    ]);
  });
});
