import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { squid } from '@anarq/squid/contract';
import type { Actor, TestNode } from '@anarq/testing';
import { qerberos } from '../src/contract.ts';
import { codeOf, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let mallory: Actor;
let made: string;

beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  mallory = await node.person('Mallory');
  const answer = await alice.result(squid.createAgent, { name: 'recorded' });
  made = answer.cid!;
});
afterAll(() => node.close());

describe('searching', () => {
  it('finds own records and nobody else’s', async () => {
    const { items } = await alice.call(qerberos.search, { op: 'squid.createAgent' });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      cid: made,
      op: 'squid.createAgent',
      code: 'SUCCESS',
      actor: alice.did,
      subject: alice.did,
      body: { verdict: 'ALLOW', signedBy: 'self' },
    });
    const hers = await mallory.call(qerberos.search, {});
    expect(JSON.stringify(hers)).not.toContain(alice.did);
  });

  it('goes by operation, code and time, page by page', async () => {
    const bob = await node.person('Bob');
    for (const name of ['one', 'two', 'three']) await bob.call(squid.createAgent, { name });
    await codeOf(bob.call(squid.createAgent, { name: 'one' }));
    const refused = await bob.call(qerberos.search, { code: 'STATE_CONFLICT' });
    expect(refused.items.map(({ op }) => op)).toEqual(['squid.createAgent']);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bob.call(qerberos.search, {
        op: 'squid.createAgent',
        limit: 2,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...page.items.map(({ cid }) => cid));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(new Set(seen).size).toBe(4);
    expect(seen).toHaveLength(4);
    const later = await bob.call(qerberos.search, { from: '2999-01-01T00:00:00Z' });
    expect(later.items).toEqual([]);
    const earlier = await bob.call(qerberos.search, { to: '2001-01-01T00:00:00Z' });
    expect(earlier.items).toEqual([]);
    expect(await codeOf(bob.call(qerberos.search, { cursor: 'AAAA' }))).toBe('INPUT_INVALID');
  });
});

describe('one record', () => {
  it('opens for its party, and looks as if it were not there for others', async () => {
    const record = await alice.call(qerberos.record, { cid: made });
    expect(record).toMatchObject({ cid: made, actor: alice.did, op: 'squid.createAgent' });
    expect(record.leafIndex).toBeTypeOf('number');
    expect(await codeOf(mallory.call(qerberos.record, { cid: made }))).toBe('QINDEX_NOT_FOUND');
    expect(await codeOf(mallory.call(qerberos.receipt, { cid: made }))).toBe('QINDEX_NOT_FOUND');
    const other = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    expect(await codeOf(alice.call(qerberos.record, { cid: other }))).toBe('QINDEX_NOT_FOUND');
  });

  it('of an agent opens for the agent too, once it is a party', async () => {
    const answer = await alice.result(squid.createAgent, { name: 'party to its making' });
    const { did } = (answer as { data: { did: string } }).data;
    const { items } = await node.kernel.services.log.search({
      party: did,
      tenant: node.kernel.node.tenant,
    });
    expect(items.map(({ cid }) => cid)).toContain(answer.cid);
  });
});

describe('events of one’s own', () => {
  const event = {
    type: 'review',
    ref: 'order/17',
    layer: 'application',
    verdict: 'WARN' as const,
    details: { reviewer: 'second', ratio: 0.25, list: [1, null, true] },
  };

  it('enter the log in the name of who really called', async () => {
    const { cid } = await alice.call(qerberos.audit, event);
    const record = await alice.call(qerberos.record, { cid });
    expect(record).toMatchObject({
      op: 'qerberos.audit',
      code: 'WARN',
      actor: alice.did,
      body: { ...event, kind: 'event', identity: { squidId: alice.did } },
    });
    expect(await codeOf(mallory.call(qerberos.record, { cid }))).toBe('QINDEX_NOT_FOUND');
  });

  it('cannot name another actor', async () => {
    const forged = { ...event, actor: { squidId: mallory.did } };
    expect(await codeOf(alice.call(qerberos.audit, forged))).toBe('INPUT_INVALID');
  });

  it('are not written by nobody', async () => {
    const answer = await node.kernel.invoke({
      operation: 'qerberos.audit',
      input: event,
      surface: 'process',
      credential: { kind: 'anonymous' },
      idempotencyKey: 'k',
    });
    expect(answer).toMatchObject({ code: 'QLOCK_AUTH_FAIL' });
  });
});

describe('reading of personal data', () => {
  it('is itself on record', async () => {
    const carol = await node.person('Carol');
    await carol.call(qerberos.search, {});
    await expect
      .poll(
        async () => {
          const { items } = await carol.call(qerberos.search, { op: 'qerberos.search' });
          return items.some(({ body }) => (body as { kind?: string }).kind === 'read');
        },
        { timeout: 10_000 },
      )
      .toBe(true);
  });
});
