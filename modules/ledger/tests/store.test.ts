import type { InputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledger } from '../src/contract.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

describe('the ledger of a node', () => {
  const clock = { skew_ms: 0 };
  let node: TestNode;
  let alice: Actor;

  beforeEach(async () => {
    clock.skew_ms = 0;
    node = await startTestNode({ modules: ['ledger'], now_ms: () => Date.now() + clock.skew_ms });
    alice = await node.person('alice');
  });
  afterEach(async () => {
    const errors = [...node.errors];
    await node.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const later = () => ({ skew_ms: clock.skew_ms });
  const open = async (
    who: Actor,
    id: string,
    flags: 'debits_must_not_exceed_credits'[] = [],
    unit = 'EUR',
  ) => who.call(ledger.createAccounts, { accounts: [{ id, unit, code: 1, flags }] }, later());
  const move = async (who: Actor, ...transfers: Transfer[]) =>
    (await who.call(ledger.createTransfers, { transfers }, later())).results.map((r) => r.result);
  const pay = (id: string, from: string, to: string, amount: string, unit = 'EUR'): Transfer => ({
    id,
    debitAccountId: from,
    creditAccountId: to,
    amount,
    unit,
    code: 1,
  });
  const balance = async (who: Actor, accountId: string) => {
    const found = await who.call(ledger.account, { accountId }, later());
    return [found.debitsPending, found.debitsPosted, found.creditsPending, found.creditsPosted];
  };

  it('opens accounts for at most 24 holders in a call', async () => {
    const holders = await Promise.all(
      Array.from({ length: 25 }, (_, i) => node.person(`holder ${i}`)),
    );
    const accountsFor = (many: readonly Actor[]) =>
      many.flatMap(({ did: holder }, i) =>
        [1, 2].map((code) => ({ id: `of-${i}-${code}`, unit: 'EUR', code, flags: [], holder })),
      );
    await expect(
      alice.call(ledger.createAccounts, { accounts: accountsFor(holders) }),
    ).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', details: { limit: 24, holders: 25 } });
    const opened = await alice.call(ledger.createAccounts, {
      accounts: accountsFor(holders.slice(1)),
    });
    expect(opened.results.map(({ result }) => result)).toStrictEqual(Array(48).fill('created'));
  });

  it('moves money in rUv and in EUR to the last minor unit', async () => {
    await open(alice, 'e1');
    await open(alice, 'e2');
    await open(alice, 'r1', [], 'rUv');
    await open(alice, 'r2', [], 'rUv');
    expect(
      await move(alice, pay('t1', 'e1', 'e2', '0.01'), pay('t2', 'r1', 'r2', '0.000001', 'rUv')),
    ).toStrictEqual(['created', 'created']);
    expect(await balance(alice, 'e2')).toStrictEqual(['0', '0', '0', '0.01']);
    expect(await balance(alice, 'r1')).toStrictEqual(['0', '0.000001', '0', '0']);
  });

  it('refuses amounts that do not fit their unit, are negative, or are beyond 127 bits', async () => {
    await open(alice, 'a');
    await open(alice, 'b');
    const most = '1701411834604692317316873037158841057.27';
    const beyond = '1701411834604692317316873037158841057.28';
    for (const amount of ['0.001', '-1', beyond])
      await expect(move(alice, pay('t1', 'a', 'b', amount))).rejects.toMatchObject({
        code: 'AMOUNT_INVALID',
      });
    // A balance goes to 128 bits, and no further.
    expect(await move(alice, pay('t2', 'a', 'b', most), pay('t3', 'a', 'b', most))).toStrictEqual([
      'created',
      'created',
    ]);
    expect(await move(alice, pay('t4', 'a', 'b', '0.02'))).toStrictEqual([
      'overflows_debits_posted',
    ]);
    expect(await balance(alice, 'b')).toStrictEqual([
      '0',
      '0',
      '0',
      '3402823669209384634633746074317682114.54',
    ]);
  });

  it('never carries out the same id twice, and keeps a transient refusal for good', async () => {
    await open(alice, 'a', ['debits_must_not_exceed_credits']);
    await open(alice, 'b');
    expect(await move(alice, pay('t1', 'a', 'b', '1'))).toStrictEqual(['exceeds_credits']);
    expect(await move(alice, pay('t2', 'b', 'a', '5'))).toStrictEqual(['created']);
    expect(await move(alice, pay('t2', 'b', 'a', '5'), pay('t2', 'b', 'a', '6'))).toStrictEqual([
      'exists',
      'exists_with_different_amount',
    ]);
    expect(await move(alice, pay('t1', 'a', 'b', '1'))).toStrictEqual(['id_already_failed']);
    expect(await balance(alice, 'a')).toStrictEqual(['0', '0', '0', '5']);
  });

  it('carries out a linked chain wholly or not at all', async () => {
    await open(alice, 'a', ['debits_must_not_exceed_credits']);
    await open(alice, 'b');
    await open(alice, 'c');
    await move(alice, pay('fund', 'b', 'a', '10'));
    const chain = (last: string): Transfer[] => [
      { ...pay(`x-${last}`, 'a', 'b', '6'), flags: ['linked'] },
      pay(`y-${last}`, 'a', 'c', last),
    ];
    expect(await move(alice, ...chain('5'))).toStrictEqual([
      'linked_event_failed',
      'exceeds_credits',
    ]);
    expect(await balance(alice, 'a')).toStrictEqual(['0', '0', '0', '10']);
    expect(await move(alice, ...chain('4'))).toStrictEqual(['created', 'created']);
    expect(await balance(alice, 'c')).toStrictEqual(['0', '0', '0', '4']);
  });

  it('posts a part of what was held and frees the rest', async () => {
    await open(alice, 'a');
    await open(alice, 'b');
    await move(alice, { ...pay('hold', 'a', 'b', '10'), flags: ['pending'], timeout_s: 60 });
    expect(await balance(alice, 'a')).toStrictEqual(['10', '0', '0', '0']);
    expect(
      await move(alice, { id: 'post', pendingId: 'hold', amount: '7.25', flags: ['post_pending'] }),
    ).toStrictEqual(['created']);
    expect(await balance(alice, 'b')).toStrictEqual(['0', '0', '0', '7.25']);
    expect(
      await move(alice, { id: 'void', pendingId: 'hold', flags: ['void_pending'] }),
    ).toStrictEqual(['pending_transfer_already_posted']);
  });

  it('frees the money of a hold that timed out, for reads and for the next transfer', async () => {
    await open(alice, 'a', ['debits_must_not_exceed_credits']);
    await open(alice, 'b');
    await open(alice, 'world');
    await move(alice, pay('fund', 'world', 'a', '10'));
    await move(alice, { ...pay('hold', 'a', 'b', '10'), flags: ['pending'], timeout_s: 60 });
    expect(await move(alice, pay('no', 'a', 'b', '1'))).toStrictEqual(['exceeds_credits']);
    clock.skew_ms = 61_000;
    expect(await balance(alice, 'a')).toStrictEqual(['0', '0', '0', '10']);
    expect((await alice.call(ledger.transfer, { transferId: 'hold' }, later())).phase).toBe(
      'expired',
    );
    expect(
      await move(alice, { id: 'post', pendingId: 'hold', flags: ['post_pending'] }),
    ).toStrictEqual(['pending_transfer_expired']);
    expect(await move(alice, pay('yes', 'a', 'b', '10'))).toStrictEqual(['created']);
    expect(await balance(alice, 'a')).toStrictEqual(['0', '10', '0', '10']);
    expect(await balance(alice, 'b')).toStrictEqual(['0', '0', '0', '10']);
    const [book] = (await node.operator.call(ledger.books, {}, later())).books;
    expect(book).toMatchObject({
      unit: 'EUR',
      sum: '0',
      pending: '0',
      debits: '20',
      credits: '20',
    });
  });

  it('ends fifty transfers at once from one account rightly, never over what it holds', async () => {
    await open(alice, 'a', ['debits_must_not_exceed_credits']);
    await open(alice, 'b');
    await open(alice, 'world');
    await move(alice, pay('fund', 'world', 'a', '30'));
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => move(alice, pay(`p${i}`, 'a', 'b', '1'))),
    );
    const count = (result: string) => results.filter(([r]) => r === result).length;
    expect([count('created'), count('exceeds_credits')]).toStrictEqual([30, 20]);
    expect(await balance(alice, 'a')).toStrictEqual(['0', '30', '0', '30']);
  });

  it('resolves a hold once, however many try at once', async () => {
    await open(alice, 'a');
    await open(alice, 'b');
    await move(alice, { ...pay('hold', 'a', 'b', '10'), flags: ['pending'] });
    await move(alice, { ...pay('other', 'a', 'b', '10'), flags: ['pending'] });
    const results = await Promise.all(
      Array.from({ length: 10 }, async (_, i) =>
        move(alice, {
          id: `end${i}`,
          pendingId: 'hold',
          flags: [i % 2 === 0 ? 'post_pending' : 'void_pending'],
        }),
      ),
    );
    expect(results.filter(([r]) => r === 'created')).toHaveLength(1);
    const [pending, posted] = await balance(alice, 'a');
    expect(pending).toBe('10');
    expect(['0', '10']).toContain(posted);
  });

  it('ends transfers of different amounts at once, as many as the account holds', async () => {
    await open(alice, 'a', ['debits_must_not_exceed_credits']);
    await open(alice, 'b');
    await open(alice, 'world');
    await move(alice, pay('fund', 'world', 'a', '60'));
    const results = await Promise.all(
      Array.from({ length: 50 }, async (_, i) =>
        move(alice, pay(`p${i}`, 'a', 'b', `${((i * 5) % 7) + 1}`)),
      ),
    );
    expect([...new Set(results.flat())].toSorted()).toStrictEqual(['created', 'exceeds_credits']);
    const taken = results.reduce(
      (sum, [r], i) => sum + (r === 'created' ? ((i * 5) % 7) + 1 : 0),
      0,
    );
    expect(await balance(alice, 'a')).toStrictEqual(['0', String(taken), '0', '60']);
    expect(taken).toBeGreaterThan(53);
  });

  it('lets only its owner take money out of an account, post or void', async () => {
    const bob = await node.person('bob');
    await open(alice, 'a');
    await open(bob, 'b');
    await expect(move(bob, pay('t1', 'a', 'b', '1'))).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await move(alice, { ...pay('hold', 'a', 'b', '1'), flags: ['pending'] });
    await expect(
      move(bob, { id: 'post', pendingId: 'hold', flags: ['post_pending'] }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    expect((await bob.call(ledger.transfer, { transferId: 'hold' })).amount).toBe('1');
  });

  it('shows an account to its owner and its holder, and to nobody else', async () => {
    const [bob, carol] = [await node.person('bob'), await node.person('carol')];
    await alice.call(ledger.createAccounts, {
      accounts: [{ id: 'kept', unit: 'EUR', code: 1, flags: [], holder: bob.did }],
    });
    expect((await bob.call(ledger.account, { accountId: 'kept' })).owner).toBe(alice.did);
    expect((await bob.call(ledger.accounts, {})).items.map(({ id }) => id)).toStrictEqual(['kept']);
    for (const op of [ledger.account, ledger.transfers] as const)
      await expect(carol.call(op, { accountId: 'kept' })).rejects.toMatchObject({
        code: 'QINDEX_NOT_FOUND',
      });
    await expect(carol.call(ledger.books, {})).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('gives the transfers of an account page by page, both ways', async () => {
    await open(alice, 'a');
    await open(alice, 'b');
    const ids = Array.from({ length: 7 }, (_, i) => `t${i}`);
    await move(
      alice,
      ...ids.map((id, i) => (i % 2 === 0 ? pay(id, 'a', 'b', '1') : pay(id, 'b', 'a', '1'))),
    );
    for (const newestFirst of [false, true]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await alice.call(ledger.transfers, {
          accountId: 'a',
          newestFirst,
          limit: 3,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== undefined);
      expect(seen).toStrictEqual(newestFirst ? ids.toReversed() : ids);
    }
    await expect(
      alice.call(ledger.transfers, { accountId: 'a', cursor: 'x' }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('keeps its state over a restart, and answers a repeated call from the first', async () => {
    await open(alice, 'a');
    await open(alice, 'b');
    const again = { idempotencyKey: 'one-payment' };
    const input = { transfers: [pay('t1', 'a', 'b', '2')] };
    const first = await alice.call(ledger.createTransfers, input, again);
    await node.restart();
    expect(await alice.call(ledger.createTransfers, input, again)).toStrictEqual(first);
    expect(await balance(alice, 'b')).toStrictEqual(['0', '0', '0', '2']);
  });
});
