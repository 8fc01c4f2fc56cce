import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { booksOf } from '../src/books/books.ts';
import { ledger } from '../src/contract.ts';
import {
  has,
  openAccounts,
  posting,
  type NewTransaction,
  type Postings,
} from './transactionFixture.ts';

const order = (id: string, postings: Postings): NewTransaction => ({
  id,
  postings,
  code: 1,
});

describe('a transaction that is only tried out', () => {
  let node: TestNode;
  let alice: Actor;

  beforeEach(async () => {
    node = await startTestNode({ modules: ['ledger'] });
    alice = await node.person('alice');
    await openAccounts(alice, ['world', 'a', 'b']);
    await alice.call(ledger.createTransaction, order('fund', [posting('world', 'a', '5')]));
  });
  afterEach(async () => node.close());

  const balancesOf = ({ balances }: { balances: readonly { accountId: string }[] }) =>
    Object.fromEntries(balances.map(({ accountId, ...rest }) => [accountId, rest]));
  /** SHA-256 over all that the books hold, the time of their last batch too. */
  const hash = () => booksOf({ ownLog: node.kernel.ownLog('ledger') }).stateHash();

  it('tells its results and the balances that it would leave', async () => {
    const input = order('t1', [posting('a', 'b', '2'), posting('b', 'world', '0.50')]);
    const preview = await alice.call(ledger.previewTransaction, input);
    expect(preview).toMatchObject({ id: 't1', result: 'created', postings: [{}, {}] });
    expect(balancesOf(preview)).toMatchObject({
      a: { debitsPosted: '2', creditsPosted: '5' },
      b: { debitsPosted: '0.5', creditsPosted: '2' },
      world: { debitsPosted: '5', creditsPosted: '0.5' },
    });
    expect((await alice.call(ledger.createTransaction, input)).result).toBe('created');
    const { debitsPosted } = await alice.call(ledger.account, { accountId: 'b' });
    expect(debitsPosted).toBe('0.5');
  });

  it('leaves the books as they are, to the last bit, and uses no id up', async () => {
    const before = await hash();
    const good = order('t1', [posting('a', 'b', '2')]);
    const bad = order('t2', [posting('world', 'b', '1'), posting('a', 'b', '6')]);
    expect((await alice.call(ledger.previewTransaction, good)).result).toBe('created');
    expect(await alice.call(ledger.previewTransaction, bad)).toMatchObject({
      result: 'exceeds_credits',
      posting: 2,
    });
    expect(await hash()).toStrictEqual(before);
    const [{ count } = {}] = await node.store.read(
      "SELECT COUNT(*) AS count FROM ledger_transfer_name WHERE id LIKE 't_.%'",
    );
    expect(count).toBe(0);
    expect(await has(alice, 'a')).toBe(5);
    // The id of what was refused is free, so more money is all that it takes.
    await alice.call(ledger.createTransaction, order('more', [posting('world', 'a', '5')]));
    expect((await alice.call(ledger.createTransaction, bad)).result).toBe('created');
    expect(await hash()).not.toStrictEqual(before);
  });

  it.each([
    ['of what was made', order('fund', [posting('world', 'a', '5')]), 'exists', undefined],
    [
      'under an id of something else',
      order('fund', [posting('world', 'a', '6')]),
      'exists_with_different_content',
      1,
    ],
    ['of what was refused', order('no', [posting('a', 'b', '9')]), 'id_already_failed', 1],
    [
      'between units',
      order('u', [posting('a', 'usd', '1')]),
      'accounts_must_have_the_same_ledger',
      1,
    ],
    [
      'to nobody',
      order('n', [posting('a', 'b', '1'), posting('a', 'x', '1')]),
      'credit_account_not_found',
      2,
    ],
  ])('is answered as it would be: %s', async (_, input, result, at) => {
    await openAccounts(alice, ['usd'], 'USD');
    await alice.call(ledger.createTransaction, order('no', [posting('a', 'b', '9')]));
    const preview = await alice.call(ledger.previewTransaction, input);
    expect([preview.result, preview.posting]).toStrictEqual([result, at]);
    expect(balancesOf(preview)['a']).toMatchObject({ creditsPosted: '5', debitsPosted: '0' });
    const made = await alice.call(ledger.createTransaction, input);
    expect([made.result, made.posting]).toStrictEqual([result, at]);
  });

  it('is for those who may make it, and shows no balance of others', async () => {
    const bob = await node.person('bob');
    await openAccounts(bob, ['bob']);
    const toBob = order('t1', [posting('a', 'bob', '2')]);
    const preview = await alice.call(ledger.previewTransaction, toBob);
    expect(Object.keys(balancesOf(preview))).toStrictEqual(['a']);
    await expect(bob.call(ledger.previewTransaction, toBob)).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await expect(
      alice.call(ledger.previewTransaction, { ...toBob, maxAmount: '1', unit: 'EUR' }),
    ).rejects.toMatchObject({ code: 'PRICE_ABOVE_LIMIT' });
  });
});
