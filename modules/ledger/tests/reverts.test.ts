import { randomUUID } from 'node:crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import { has, openAccounts, posting } from './transactionFixture.ts';

/** Stops the node at a named place, once. */
class Stop extends Error {}

describe('the revert of a transaction', () => {
  let node: TestNode;
  let alice: Actor;
  let atPoint: (point: string) => void;

  beforeEach(async () => {
    atPoint = () => {};
    node = await startTestNode({ modules: ['ledger'], probe: (point) => atPoint(point) });
    alice = await node.person('alice');
    await openAccounts(alice, ['world', 'a', 'b', 'c']);
    await openAccounts(alice, ['world-usd', 'u'], 'USD');
    await make('t1', [
      posting('world', 'a', '10'),
      posting('a', 'b', '10'),
      posting('b', 'c', '4'),
      posting('world-usd', 'u', '3', 'USD'),
    ]);
  });
  afterEach(async () => node.close());

  const make = async (id: string, postings: ReturnType<typeof posting>[]) => {
    const made = await alice.call(ledger.createTransaction, { id, postings, code: 7 });
    expect(made.result).toBe('created');
  };
  const revert = (more = {}, who = alice) =>
    who.call(ledger.revertTransaction, { transactionId: 't1', ...more });
  const all = async () => Promise.all(['a', 'b', 'c', 'u'].map((id) => has(alice, id)));

  it('moves all of it back by a transaction of its own, and both say so', async () => {
    const made = await revert({ userData: 'mistake', metadata: { why: 'mistake' } });
    expect(made).toStrictEqual({
      id: 'ledger:revert:1:t1',
      result: 'created',
      postings: [
        posting('u', 'world-usd', '3', 'USD'),
        posting('c', 'b', '4'),
        posting('b', 'a', '10'),
        posting('a', 'world', '10'),
      ],
    });
    expect(await all()).toStrictEqual([0, 0, 0, 0]);
    const shown = await alice.call(ledger.transaction, { transactionId: made.id });
    expect(shown).toMatchObject({
      reverts: 't1',
      code: 7,
      userData: 'mistake',
      metadata: { why: 'mistake' },
    });
    expect(shown).not.toHaveProperty('revertedBy');
    const original = await alice.call(ledger.transaction, { transactionId: 't1' });
    expect(original.revertedBy).toBe(made.id);
    expect(original).not.toHaveProperty('reverts');
    await expect(revert({ transactionId: made.id })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
  });

  it('is made once, however many ask for it at once or later', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => revert()));
    expect(results.map(({ result }) => result).toSorted()).toStrictEqual([
      'created',
      ...Array<string>(7).fill('exists'),
    ]);
    expect(await revert({ userData: 'again' })).toStrictEqual({
      id: 'ledger:revert:1:t1',
      result: 'exists',
    });
    expect(await all()).toStrictEqual([0, 0, 0, 0]);
  });

  it('is refused as a whole where the receiver has spent it, and made when it is there again', async () => {
    await make('spend', [posting('c', 'a', '1')]);
    expect(await revert()).toStrictEqual({
      id: 'ledger:revert:1:t1',
      result: 'exceeds_credits',
      posting: 2,
    });
    expect(await all()).toStrictEqual([1, 6, 3, 3]);
    expect(await alice.call(ledger.transaction, { transactionId: 't1' })).not.toHaveProperty(
      'revertedBy',
    );
    await make('back', [posting('a', 'c', '1')]);
    expect(await revert()).toMatchObject({ id: 'ledger:revert:2:t1', result: 'created' });
    expect(await revert()).toStrictEqual({ id: 'ledger:revert:2:t1', result: 'exists' });
    expect(await all()).toStrictEqual([0, 0, 0, 0]);
  });

  it('is for those who own what was credited, within what they say', async () => {
    const bob = await node.person('bob');
    await openAccounts(bob, ['bob']);
    await make('paid', [posting('world', 'bob', '5')]);
    const paid = { transactionId: 'paid' };
    await expect(revert(paid)).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await expect(revert({}, bob)).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    await expect(revert({ ...paid, maxAmount: '4', unit: 'EUR' }, bob)).rejects.toMatchObject({
      code: 'PRICE_ABOVE_LIMIT',
    });
    expect(await revert({ ...paid, maxAmount: '5', unit: 'EUR' }, bob)).toMatchObject({
      result: 'created',
    });
    expect(await has(bob, 'bob')).toBe(0);
  });

  it('has ids that nobody else can take', async () => {
    for (const id of ['ledger:revert:1:t1', 'ledger:revert:1:t1.1'])
      await expect(
        alice.call(ledger.createTransfers, {
          transfers: [{ id, ...posting('a', 'b', '0'), code: 1 }],
        }),
      ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('has an id for each of a hundred postings, however long the id of what it reverts', async () => {
    const id = 'x'.repeat(100);
    await make(
      id,
      Array.from({ length: 100 }, () => posting('world', 'a', '1')),
    );
    const made = await revert({ transactionId: id });
    expect(made).toMatchObject({ result: 'created', postings: { length: 100 } });
    const { postings } = await alice.call(ledger.transaction, { transactionId: made.id });
    expect(postings).toHaveLength(100);
    await expect(
      alice.call(ledger.createTransaction, {
        id: `${id}x`,
        postings: [posting('world', 'a', '1')],
        code: 1,
      }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it.each(['after-admission', 'before-outcome'])(
    'is made once and tells what it did first, stopped %s',
    async (where) => {
      const stopped = async () => {
        const idempotencyKey = randomUUID();
        atPoint = (point) => {
          if (point !== `${where} ledger.revertTransaction`) return;
          atPoint = () => {};
          throw new Stop(point);
        };
        const input = { transactionId: 't1' };
        const cut = await alice.result(ledger.revertTransaction, input, { idempotencyKey });
        expect(cut.status).toBe('error');
        await node.restart();
        return alice.call(ledger.revertTransaction, input, { idempotencyKey });
      };
      await make('spend', [posting('c', 'a', '1')]);
      expect(await stopped()).toMatchObject({ result: 'exceeds_credits', posting: 2 });
      await make('back', [posting('a', 'c', '1')]);
      expect(await stopped()).toMatchObject({ id: 'ledger:revert:2:t1', result: 'created' });
      expect(await all()).toStrictEqual([0, 0, 0, 0]);
      expect(await revert()).toStrictEqual({ id: 'ledger:revert:2:t1', result: 'exists' });
    },
  );
});
