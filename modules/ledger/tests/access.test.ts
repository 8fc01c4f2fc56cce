import type { InputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Books } from '../src/books/books.ts';
import { transferRecords } from '../src/books/requests.ts';
import { ledger } from '../src/contract.ts';
import { TRANSFER_FLAGS } from '../src/flags.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

describe('an account of somebody else', () => {
  let node: TestNode;
  let alice: Actor;
  let bob: Actor;

  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'] });
    [alice, bob] = [await node.person('alice'), await node.person('bob')];
    const account = (id: string) => ({ id, unit: 'EUR', code: 1, flags: [] });
    await alice.call(ledger.createAccounts, { accounts: [account('hers'), account('hers-too')] });
    await bob.call(ledger.createAccounts, { accounts: [account('his'), account('his-too')] });
  });
  afterAll(async () => {
    const errors = [...node.errors];
    await node.close();
    if (errors.length > 0) throw new AggregateError(errors, 'something went wrong inside');
  });

  const move = async (who: Actor, ...transfers: Transfer[]) =>
    (await who.call(ledger.createTransfers, { transfers })).results.map(({ result }) => result);
  const from = (debitAccountId: string, creditAccountId: string, more: Partial<Transfer>) => ({
    id: `${debitAccountId}-${creditAccountId}-${(more.flags ?? []).join('-')}`,
    debitAccountId,
    creditAccountId,
    amount: '1',
    unit: 'EUR',
    code: 1,
    ...more,
  });
  const flagsOf = async (who: Actor, accountId: string) =>
    (await who.call(ledger.account, { accountId })).flags;

  it('is credited by anybody, and closed or balanced by its owner alone', async () => {
    const closing: Partial<Transfer> = { flags: ['pending', 'closing_credit'], amount: '0' };
    const balancing: Partial<Transfer> = { flags: ['balancing_credit'] };
    expect(await move(alice, from('hers', 'his', {}))).toEqual(['created']);
    for (const more of [closing, balancing])
      await expect(move(alice, from('hers', 'his', more))).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
        details: { why: { changeableBy: bob.did } },
      });
    expect(await flagsOf(bob, 'his')).toEqual([]);
    expect(await move(bob, from('his-too', 'his', closing))).toEqual(['created']);
    expect(await flagsOf(bob, 'his')).toEqual(['closed']);
    const opening: Transfer = {
      id: 'open-again',
      pendingId: from('his-too', 'his', closing).id,
      flags: ['void_pending'],
    };
    await expect(move(alice, opening)).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    expect(await move(bob, opening)).toEqual(['created']);
    expect(await flagsOf(bob, 'his')).toEqual([]);
  });

  it('keeps what it holds, also from who posts it in the moment in which it comes to be held', async () => {
    const { tenant } = node.kernel.node;
    const books = node.kernel.ownLog('ledger') as Books;
    const hold = {
      id: 'hold',
      debitAccountId: 'his',
      creditAccountId: 'hers',
      amountMinor: 500n,
      unit: 'EUR',
      code: 1,
      timeout_s: 0,
      flags: TRANSFER_FLAGS.pending,
    };
    // Her call has looked for the hold, and found none; it is in the books before hers is.
    const outcomeOf = books.outcomeOf.bind(books);
    let held: Promise<unknown> | undefined;
    books.outcomeOf = (cause, keys) => {
      held ??= books.createTransfers(
        transferRecords(tenant, [hold]),
        new Uint8Array(32),
        () => undefined,
      );
      return outcomeOf(cause, keys);
    };
    const taken = await alice.result(ledger.createTransfers, {
      transfers: [{ id: 'take', pendingId: 'hold', flags: ['post_pending'] }],
    });
    expect(await held).toMatchObject({ results: new Uint32Array([0]) });
    expect(taken).toMatchObject({ status: 'error', code: 'QONSENT_DENIED' });
    expect((await bob.call(ledger.account, { accountId: 'his' })).debitsPending).toBe('5');
  });
});
