import { randomUUID } from 'node:crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import {
  has,
  openAccounts,
  posting,
  type NewTransaction,
  type Postings,
} from './transactionFixture.ts';

/** Stops the node at a named place, once. */
class Stop extends Error {}

describe('a transaction of several postings', () => {
  let node: TestNode;
  let alice: Actor;
  let atPoint: (point: string) => void;

  beforeEach(async () => {
    atPoint = () => {};
    node = await startTestNode({ modules: ['ledger'], probe: (point) => atPoint(point) });
    alice = await node.person('alice');
    await openAccounts(alice, ['world', 'a', 'b']);
    await openAccounts(alice, ['world-usd', 'u'], 'USD');
  });
  afterEach(async () => node.close());

  const make = (id: string, postings: Postings, more: Partial<NewTransaction> = {}, who = alice) =>
    who.call(ledger.createTransaction, { id, postings, code: 1, ...more });

  it('moves money in units of any mix, and is shown with what it moved', async () => {
    const postings = [
      posting('world', 'a', '10'),
      posting('a', 'b', '2.50'),
      posting('world-usd', 'u', '11.20', 'USD'),
    ];
    expect(
      await make('t1', postings, { userData: 'order 7', metadata: { order: '7', shop: 'x' } }),
    ).toStrictEqual({
      id: 't1',
      result: 'created',
      postings: [
        posting('world', 'a', '10'),
        posting('a', 'b', '2.5'),
        posting('world-usd', 'u', '11.2', 'USD'),
      ],
    });
    expect([await has(alice, 'a'), await has(alice, 'b'), await has(alice, 'u')]).toStrictEqual([
      7.5, 2.5, 11.2,
    ]);
    const shown = await alice.call(ledger.transaction, { transactionId: 't1' });
    expect(shown).toMatchObject({
      id: 't1',
      owner: alice.did,
      code: 1,
      userData: 'order 7',
      metadata: { order: '7', shop: 'x' },
      postings: [{ amount: '10' }, { amount: '2.5' }, { amount: '11.2', unit: 'USD' }],
    });
    const { createdAt, userData } = await alice.call(ledger.transfer, { transferId: 't1.2' });
    expect(userData).toBe('order 7');
    expect(createdAt).toBe(shown.createdAt);
  });

  it('moves nothing where one posting is refused, and says which', async () => {
    await make('fund', [posting('world', 'a', '5')]);
    const postings = [
      posting('world-usd', 'u', '1', 'USD'),
      posting('a', 'b', '3'),
      posting('a', 'b', '3'),
      posting('b', 'a', '1'),
    ];
    expect(await make('t1', postings)).toStrictEqual({
      id: 't1',
      result: 'exceeds_credits',
      posting: 3,
    });
    expect([await has(alice, 'a'), await has(alice, 'b'), await has(alice, 'u')]).toStrictEqual([
      5, 0, 0,
    ]);
    await expect(alice.call(ledger.transaction, { transactionId: 't1' })).rejects.toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    await make('more', [posting('world', 'a', '5')]);
    // What was refused for a passing reason stays refused, as a transfer does.
    expect(await make('t1', postings)).toMatchObject({ result: 'id_already_failed', posting: 3 });
    expect(await make('t2', [posting('a', 'u', '1')])).toMatchObject({
      result: 'accounts_must_have_the_same_ledger',
      posting: 1,
    });
  });

  it('acts once under its id, and says where another one has it', async () => {
    const postings = [posting('world', 'a', '5'), posting('a', 'b', '1')];
    const metadata = { order: '7' };
    await make('t1', postings, { metadata });
    expect(await make('t1', postings, { metadata })).toStrictEqual({ id: 't1', result: 'exists' });
    for (const [other, more] of [
      [postings.slice(0, 1), { metadata }],
      [[...postings, posting('a', 'b', '1')], { metadata }],
      [postings, { metadata: { order: '8' } }],
      [postings, { metadata, code: 2 }],
      [postings, { metadata, userData: 'x' }],
    ] as const)
      expect(await make('t1', other.slice(), more)).toStrictEqual({
        id: 't1',
        result: 'exists_with_different_content',
        posting: 1,
      });
    expect(await has(alice, 'a')).toBe(4);
  });

  it('gives way where a transfer has the id of one of its postings', async () => {
    await alice.call(ledger.createTransfers, {
      transfers: [{ id: 't1.2', ...posting('world', 'a', '5'), code: 1 }],
    });
    expect(
      await make('t1', [posting('world', 'a', '5'), posting('world', 'a', '5')]),
    ).toMatchObject({ result: 'exists_with_different_content', posting: 2 });
    expect(await has(alice, 'a')).toBe(5);
  });

  it('is made once, however many make it at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 10 }, () => make('t1', [posting('world', 'a', '5')])),
    );
    const words = results.map(({ result }) => result).toSorted();
    expect(words).toStrictEqual(['created', ...Array<string>(9).fill('exists')]);
    expect(await has(alice, 'a')).toBe(5);
  });

  it('takes money only out of accounts of whoever makes it', async () => {
    const bob = await node.person('bob');
    await openAccounts(bob, ['bob']);
    await make('fund', [posting('world', 'a', '5')]);
    await expect(
      make('t1', [posting('bob', 'a', '0'), posting('a', 'bob', '5')], {}, bob),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    for (const id of ['qwallet:t1', 'ledger:t1'])
      await expect(make(id, [posting('world', 'a', '5')])).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
      });
    expect(await has(bob, 'bob')).toBe(0);
  });

  it('moves no more than its caller said, in that unit', async () => {
    const ten = [posting('world', 'a', '6'), posting('world', 'b', '4')];
    await expect(make('t1', ten, { maxAmount: '9.99', unit: 'EUR' })).rejects.toMatchObject({
      code: 'PRICE_ABOVE_LIMIT',
    });
    await expect(make('t1', ten, { maxAmount: '10', unit: 'USD' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(make('t1', ten, { maxAmount: '9.99' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    const transfers = ten.map((each, at) => ({ ...each, id: `t${at}`, code: 1 }));
    await expect(
      alice.call(ledger.createTransfers, { transfers, maxAmount: '9.99' }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await make('t1', ten, { maxAmount: '10', unit: 'EUR' })).toMatchObject({
      result: 'created',
    });
  });

  it.each(['after-admission', 'before-outcome'])(
    'is made once and tells what it did first, stopped %s',
    async (where) => {
      await make('fund', [posting('world', 'a', '5')]);
      const good: NewTransaction = {
        id: 't1',
        postings: [posting('world', 'a', '5'), posting('a', 'b', '10')],
        code: 1,
        metadata: { order: '7', ['__proto__']: 'kept too' },
      };
      const bad: NewTransaction = { ...good, id: 't2', postings: [posting('a', 'b', '1')] };
      for (const input of [good, bad]) {
        const idempotencyKey = randomUUID();
        atPoint = (point) => {
          if (point !== `${where} ledger.createTransaction`) return;
          atPoint = () => {};
          throw new Stop(point);
        };
        const cut = await alice.result(ledger.createTransaction, input, { idempotencyKey });
        expect(cut.status).toBe('error');
        await node.restart();
        const told = await alice.call(ledger.createTransaction, input, { idempotencyKey });
        expect(told.result).toBe(input === good ? 'created' : 'exceeds_credits');
      }
      expect([await has(alice, 'a'), await has(alice, 'b')]).toStrictEqual([0, 10]);
      expect(
        (await alice.call(ledger.transaction, { transactionId: 't1' })).metadata,
      ).toStrictEqual({ order: '7', ['__proto__']: 'kept too' });
      expect((await alice.call(ledger.createTransaction, good)).result).toBe('exists');
      expect((await alice.call(ledger.createTransaction, bad)).result).toBe('id_already_failed');
    },
  );

  it('is listed page by page, of an account or of all, by its metadata, both ways', async () => {
    for (let i = 0; i < 7; i++)
      await make(
        `t${i}`,
        [posting('world', i % 2 === 0 ? 'a' : 'b', '1'), posting('world', 'a', '0')],
        {
          metadata: { parity: i % 2 === 0 ? 'even' : 'odd', ...(i > 4 ? { late: 'yes' } : {}) },
        },
      );
    const all = async (filter: object) => {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await alice.call(ledger.transactions, {
          limit: 2,
          ...filter,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      return seen;
    };
    const ids = ['t0', 't1', 't2', 't3', 't4', 't5', 't6'];
    expect(await all({})).toStrictEqual(ids);
    expect(await all({ newestFirst: true })).toStrictEqual(ids.toReversed());
    expect(await all({ accountId: 'b' })).toStrictEqual(['t1', 't3', 't5']);
    expect(await all({ accountId: 'b', newestFirst: true })).toStrictEqual(['t5', 't3', 't1']);
    expect(await all({ metadataKey: 'parity', metadataValue: 'even' })).toStrictEqual([
      't0',
      't2',
      't4',
      't6',
    ]);
    expect(await all({ metadataKey: 'late', accountId: 'b' })).toStrictEqual(['t5']);
    await expect(alice.call(ledger.transactions, { metadataValue: 'even' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('is seen by those who may read one of its accounts, and by nobody else', async () => {
    const [bob, carol] = [await node.person('bob'), await node.person('carol')];
    await alice.call(ledger.createAccounts, {
      accounts: [{ id: 'kept', unit: 'EUR', code: 1, flags: [], holder: bob.did }],
    });
    await make('t1', [posting('world', 'a', '5'), posting('a', 'kept', '1')]);
    await make('t2', [posting('world', 'a', '5')]);
    expect(
      (await bob.call(ledger.transactions, {})).items.map(({ id, postings }) => [
        id,
        postings?.length,
      ]),
    ).toStrictEqual([['t1', 2]]);
    expect((await bob.call(ledger.transaction, { transactionId: 't1' })).id).toBe('t1');
    expect((await carol.call(ledger.transactions, {})).items).toStrictEqual([]);
    const refused = [
      () => bob.call(ledger.transaction, { transactionId: 't2' }),
      () => carol.call(ledger.transaction, { transactionId: 't1' }),
      () => carol.call(ledger.transactions, { accountId: 'a' }),
    ];
    for (const call of refused)
      await expect(call()).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
  });
});
