import { randomUUID } from 'node:crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';
import { has, openAccounts, posting, type NewTransaction } from './transactionFixture.ts';

/** Stops the node at a named place, once. */
class Stop extends Error {}

const SALE = `vars {
  monetary $price
  account $buyer
  monetary $had = balance(@vouchers, EUR/2)
}
send $price (
  source = { @vouchers $buyer }
  destination = { 3% to @fees remaining to @shop }
)
set_tx_meta("price", $price)
set_tx_meta("had", $had)
set_account_meta(@shop, "last", "sale")
`;

describe('a transaction by a template', () => {
  let node: TestNode;
  let alice: Actor;
  let atPoint: (point: string) => void;

  beforeEach(async () => {
    atPoint = () => {};
    node = await startTestNode({ modules: ['ledger'], probe: (point) => atPoint(point) });
    alice = await node.person('alice');
    await openAccounts(alice, ['world', 'vouchers', 'purse', 'fees', 'shop']);
    await openAccounts(alice, ['world-ruv', 'r'], 'rUv');
    await fund('vouchers', '5');
    await fund('purse', '20');
  });
  afterEach(async () => node.close());

  const fund = async (id: string, amount: string) => {
    const made = await alice.call(ledger.createTransaction, {
      id: `fund-${id}-${randomUUID()}`,
      postings: [posting('world', id, amount)],
      code: 1,
    });
    expect(made.result).toBe('created');
  };
  const sale = (id: string, price = 'EUR/2 1000', more: Partial<NewTransaction> = {}) => ({
    id,
    template: SALE,
    variables: { price, buyer: 'purse' },
    code: 1,
    ...more,
  });
  const run = (template: string, variables: Record<string, string> = {}, who = alice) =>
    who.call(ledger.createTransaction, { id: randomUUID(), template, variables, code: 1 });

  it('moves what the template says of the balances that there are, and keeps what it sets', async () => {
    expect(
      await alice.call(
        ledger.createTransaction,
        sale('s1', undefined, { metadata: { order: '7' } }),
      ),
    ).toStrictEqual({
      id: 's1',
      result: 'created',
      postings: [
        posting('vouchers', 'fees', '0.3'),
        posting('vouchers', 'shop', '4.7'),
        posting('purse', 'shop', '5'),
      ],
    });
    expect([await has(alice, 'shop'), await has(alice, 'purse')]).toStrictEqual([9.7, 15]);
    const { metadata } = await alice.call(ledger.transaction, { transactionId: 's1' });
    expect(metadata).toStrictEqual({ order: '7', price: 'EUR/2 1000', had: 'EUR/2 500' });
    const { items } = await alice.call(ledger.transactions, {
      metadataKey: 'price',
      metadataValue: 'EUR/2 1000',
    });
    expect(items.map(({ id }) => id)).toStrictEqual(['s1']);
  });

  it('is the same again by its text and variables, also where it would move something else now', async () => {
    await alice.call(ledger.createTransaction, sale('s1'));
    expect(await alice.call(ledger.createTransaction, sale('s1'))).toStrictEqual({
      id: 's1',
      result: 'exists',
    });
    expect(await alice.call(ledger.createTransaction, sale('s1', 'EUR/2 999'))).toMatchObject({
      result: 'exists_with_different_content',
    });
  });

  it('says what was needed and what there is where money is missing, and uses no id up', async () => {
    await expect(
      alice.call(ledger.createTransaction, sale('s1', 'EUR/2 2501')),
    ).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
      details: { needed: '25.01', available: '25', unit: 'EUR', line: 7 },
    });
    await fund('purse', '0.01');
    expect(await alice.call(ledger.createTransaction, sale('s1', 'EUR/2 2501'))).toMatchObject({
      result: 'created',
    });
  });

  it('never spends the same money twice, however many run at once', async () => {
    await openAccounts(alice, ['world-free', 'out']);
    await fund('world-free', '30');
    // Nothing but the template keeps this account from going below zero.
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        alice.result(ledger.createTransaction, {
          id: `p${i}`,
          template: 'send [EUR/2 700] ( source = { @world-free @vouchers } destination = @out )',
          code: 1,
        }),
      ),
    );
    const codes = results.map((r) => (r.status === 'ok' ? r.data?.result : r.code)).toSorted();
    expect(codes).toStrictEqual([
      ...Array<string>(7).fill('INSUFFICIENT_FUNDS'),
      ...Array<string>(5).fill('created'),
    ]);
    const left = [await has(alice, 'world-free'), await has(alice, 'vouchers')];
    expect([...left, await has(alice, 'out')]).toStrictEqual([0, 0, 35]);
  });

  it('sends all that there is once, where many send all at once', async () => {
    await openAccounts(alice, ['out']);
    const results = await Promise.all(
      Array.from({ length: 6 }, () =>
        run('send [EUR/2 *] ( source = @purse destination = @out )').catch(
          (error: { code: string }) => ({ result: error.code }),
        ),
      ),
    );
    expect(results.map(({ result }) => result).toSorted()).toStrictEqual([
      ...Array<string>(5).fill('STATE_CONFLICT'),
      'created',
    ]);
    expect(await has(alice, 'out')).toBe(20);
  });

  it.each([
    [
      'a unit without its places',
      'send [EUR 5] (source=@purse destination=@shop)',
      'INPUT_INVALID',
    ],
    [
      'a unit that there is not',
      'send [ABC/2 5] (source=@world destination=@shop)',
      'INPUT_INVALID',
    ],
    ['no template', 'send [EUR/2 5] (source=@purse)', 'INPUT_INVALID'],
    ['a colour', 'send [EUR/2 5] (source=@purse \\ "RED" destination=@shop)', 'INPUT_INVALID'],
    [
      'an account that is not there',
      'send [EUR/2 5] (source=@nobody destination=@shop)',
      'QINDEX_NOT_FOUND',
    ],
    [
      'an account of somebody else',
      'send [EUR/2 5] (source={@bob @purse} destination=@shop)',
      'QINDEX_NOT_FOUND',
    ],
    [
      'a variable that is missing',
      'vars { monetary $x } send $x (source=@purse destination=@shop)',
      'INPUT_INVALID',
    ],
    [
      'metadata of others',
      'set_account_meta(@bob, "k", "v") send [EUR/2 5] (source=@purse destination=@shop)',
      'QONSENT_DENIED',
    ],
    [
      'too many postings',
      `${'send [EUR/2 1] (source=@purse destination=@shop)\nsend [EUR/2 1] (source=@purse destination=@fees)\n'.repeat(51)}`,
      'LIMIT_EXCEEDED',
    ],
  ])('is refused for %s, and moves nothing', async (_, template, code) => {
    const bob = await node.person('bob');
    await openAccounts(bob, ['bob']);
    await expect(run(template)).rejects.toMatchObject({ code });
    expect([await has(alice, 'purse'), await has(alice, 'shop')]).toStrictEqual([20, 0]);
  });

  it('needs either postings or a template, and no more than its caller said', async () => {
    const both = { ...sale('s1'), postings: [posting('purse', 'shop', '1')] };
    await expect(alice.call(ledger.createTransaction, both)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(alice.call(ledger.createTransaction, { id: 's1', code: 1 })).rejects.toMatchObject(
      { code: 'INPUT_INVALID' },
    );
    await expect(
      alice.call(
        ledger.createTransaction,
        sale('s1', undefined, { maxAmount: '9.99', unit: 'EUR' }),
      ),
    ).rejects.toMatchObject({ code: 'PRICE_ABOVE_LIMIT' });
    await expect(
      alice.call(ledger.createTransaction, sale('s1', undefined, { metadata: { price: 'x' } })),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('meets the limits of the ledger, also where the template would let an account go below zero', async () => {
    const made = await run(
      'send [EUR/2 9000] (source=@purse allowing unbounded overdraft destination=@shop)',
    );
    expect(made).toMatchObject({ result: 'exceeds_credits', posting: 1 });
    expect(await has(alice, 'shop')).toBe(0);
  });

  it('writes rUv as RUV/6, in millionths', async () => {
    const made = await run(
      'send [RUV/6 1500000] (source=@world-ruv allowing unbounded overdraft destination=@r)',
    );
    expect(made.postings).toStrictEqual([posting('world-ruv', 'r', '1.5', 'rUv')]);
  });

  it('is tried out like any other', async () => {
    const preview = await alice.call(ledger.previewTransaction, sale('s1'));
    expect(preview).toMatchObject({ result: 'created', postings: [{}, {}, { amount: '5' }] });
    expect(await has(alice, 'purse')).toBe(20);
    await expect(
      alice.call(ledger.previewTransaction, sale('s1', 'EUR/2 2501')),
    ).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  });

  it.each(['after-admission', 'before-outcome'])(
    'is made once and keeps what it set first, stopped %s',
    async (where) => {
      const idempotencyKey = randomUUID();
      atPoint = (point) => {
        if (point !== `${where} ledger.createTransaction`) return;
        atPoint = () => {};
        throw new Stop(point);
      };
      const cut = await alice.result(ledger.createTransaction, sale('s1'), { idempotencyKey });
      expect(cut.status).toBe('error');
      await node.restart();
      const told = await alice.call(ledger.createTransaction, sale('s1'), { idempotencyKey });
      expect(told).toMatchObject({ result: 'created', postings: [{}, {}, { amount: '5' }] });
      expect([await has(alice, 'vouchers'), await has(alice, 'purse')]).toStrictEqual([0, 15]);
      // The balance that it was made on, not the one that it left.
      const { metadata } = await alice.call(ledger.transaction, { transactionId: 's1' });
      expect(metadata).toStrictEqual({ price: 'EUR/2 1000', had: 'EUR/2 500' });
    },
  );

  it('tells what the books have where metadata that it read were changed before it could tell', async () => {
    await alice.call(ledger.setAccountMetadata, { accountId: 'purse', set: { fee: '50%' } });
    const input = {
      id: 's1',
      template: `vars { portion $fee = meta(@purse, "fee") }
        send [EUR/2 100] ( source = @purse destination = { $fee to @fees remaining to @shop } )
        set_tx_meta("fee", $fee)`,
      code: 1,
      metadata: { order: '7' },
    };
    const idempotencyKey = randomUUID();
    atPoint = (point) => {
      if (point !== 'before-outcome ledger.createTransaction') return;
      atPoint = () => {};
      throw new Stop(point);
    };
    await alice.result(ledger.createTransaction, input, { idempotencyKey });
    await alice.call(ledger.setAccountMetadata, { accountId: 'purse', set: { fee: '10%' } });
    await node.restart();
    const told = await alice.call(ledger.createTransaction, input, { idempotencyKey });
    expect(told.postings).toStrictEqual([
      posting('purse', 'fees', '0.5'),
      posting('purse', 'shop', '0.5'),
    ]);
    const { metadata } = await alice.call(ledger.transaction, { transactionId: 's1' });
    expect(metadata).toStrictEqual({ order: '7' });
    expect([await has(alice, 'fees'), await has(alice, 'shop')]).toStrictEqual([0.5, 0.5]);
  });
});
