import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import { has, openAccounts, posting } from './transactionFixture.ts';

describe('metadata of the ledger', () => {
  let node: TestNode;
  let alice: Actor;

  beforeEach(async () => {
    node = await startTestNode({ modules: ['ledger'] });
    alice = await node.person('alice');
    await openAccounts(alice, ['world', 'a', 'b']);
    await alice.call(ledger.createTransaction, {
      id: 't1',
      postings: [posting('world', 'a', '5')],
      code: 1,
      metadata: { order: '7', note: 'x' },
    });
  });
  afterEach(async () => node.close());

  const ofTransaction = (change: object, who = alice) =>
    who.call(ledger.setTransactionMetadata, { transactionId: 't1', ...change });
  const ofAccount = (change: object, who = alice) =>
    who.call(ledger.setAccountMetadata, { accountId: 'a', ...change });
  const shown = async () =>
    (await alice.call(ledger.transaction, { transactionId: 't1' })).metadata;

  it('of a transaction are merged, replaced and removed, and found by', async () => {
    const after = { order: '8', state: 'shipped' };
    expect(
      await ofTransaction({ set: { order: '8', state: 'shipped' }, remove: ['note', 'never'] }),
    ).toStrictEqual({ metadata: after });
    expect(await shown()).toStrictEqual(after);
    const found = async (metadataKey: string, metadataValue: string) =>
      (await alice.call(ledger.transactions, { metadataKey, metadataValue })).items.length;
    expect([await found('order', '7'), await found('order', '8')]).toStrictEqual([0, 1]);
    expect(await ofTransaction({})).toStrictEqual({ metadata: after });
    await expect(ofTransaction({ set: { x: '1' }, remove: ['x'] })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('of an account are shown wherever it is, and read by templates', async () => {
    expect(await alice.call(ledger.account, { accountId: 'a' })).not.toHaveProperty('metadata');
    await ofAccount({ set: { merchant: 'b', rate: '10%' } });
    const metadata = { merchant: 'b', rate: '10%' };
    expect((await alice.call(ledger.account, { accountId: 'a' })).metadata).toStrictEqual(metadata);
    const { items } = await alice.call(ledger.accounts, {});
    expect(items.map((of) => [of.id, of.metadata])).toStrictEqual([
      ['a', metadata],
      ['b', undefined],
      ['world', undefined],
    ]);
    const made = await alice.call(ledger.createTransaction, {
      id: 't2',
      template: `vars {
        account $to = meta(@a, "merchant")
        portion $rate = meta(@a, "rate")
      }
      send [EUR/2 100] ( source = @a destination = { $rate to $to remaining kept } )
      set_account_meta(@b, "last", "t2")
      set_account_meta(@a, "rate", 5%)`,
      code: 1,
    });
    expect(made.postings).toStrictEqual([posting('a', 'b', '0.1')]);
    expect((await alice.call(ledger.account, { accountId: 'b' })).metadata).toStrictEqual({
      last: 't2',
    });
    expect((await alice.call(ledger.account, { accountId: 'a' })).metadata).toStrictEqual({
      merchant: 'b',
      rate: '1/20',
    });
    expect(await has(alice, 'b')).toBe(0.1);
  });

  it('are their owner’s to set, and of an account nobody else’s to read', async () => {
    const bob = await node.person('bob');
    await openAccounts(bob, ['bob']);
    for (const call of [() => ofTransaction({ set: { x: '1' } }, bob), () => ofAccount({}, bob)])
      await expect(call()).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await ofAccount({ set: { merchant: 'bob' } });
    await expect(
      bob.call(ledger.createTransaction, {
        id: 't2',
        template: `vars { account $to = meta(@a, "merchant") }
          send [EUR/2 1] ( source = @bob allowing unbounded overdraft destination = $to )`,
        code: 1,
      }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID', details: { reason: 'metadata-missing' } });
    expect(await shown()).toStrictEqual({ note: 'x', order: '7' });
  });

  it('are at most 32 of one thing, however many set them at once', async () => {
    const sets = Array.from({ length: 5 }, (_, i) =>
      Object.fromEntries(Array.from({ length: 10 }, (__, j) => [`k${i}-${j}`, 'v'])),
    );
    const results = await Promise.all(
      sets.map((set) => alice.result(ledger.setAccountMetadata, { accountId: 'a', set })),
    );
    expect(results.map(({ code }) => code).toSorted()).toStrictEqual([
      'LIMIT_EXCEEDED',
      'LIMIT_EXCEEDED',
      ...results.filter(({ status }) => status === 'ok').map(({ code }) => code),
    ]);
    const { metadata = {} } = await alice.call(ledger.account, { accountId: 'a' });
    expect(Object.keys(metadata)).toHaveLength(30);
    await expect(ofAccount({ set: { last: 'x'.repeat(257) } })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('stay over a restart', async () => {
    await ofTransaction({ set: { state: 'paid' } });
    await node.restart();
    expect(await shown()).toStrictEqual({ note: 'x', order: '7', state: 'paid' });
  });

  it('leave the same call what it was: metadata that were set later are not of its content', async () => {
    await ofTransaction({ set: { order: '9' } });
    const again = await alice.call(ledger.createTransaction, {
      id: 't1',
      postings: [posting('world', 'a', '5')],
      code: 1,
      metadata: { order: '7', note: 'x' },
    });
    expect(again.result).toBe('exists');
    expect((await shown()).order).toBe('9');
  });
});
