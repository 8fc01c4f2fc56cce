import type { InputOf } from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { booksOf } from '../src/books/books.ts';
import { ledger } from '../src/contract.ts';
import { openAccounts } from './transactionFixture.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

const moving = (id: string, from: string, to: string, amount: string): Transfer => ({
  id,
  debitAccountId: from,
  creditAccountId: to,
  amount,
  unit: 'EUR',
  code: 1,
});

describe('books that are forked', () => {
  let node: TestNode;
  let alice: Actor;
  let bob: Actor;
  /** Transfers of the books when alice had her money and had spent nothing. */
  let funded: number;

  const make = async (who: Actor, transfer: Transfer): Promise<string | undefined> => {
    const { results } = await who.call(ledger.createTransfers, { transfers: [transfer] });
    return results[0]?.result;
  };
  const hash = () => booksOf({ ownLog: node.kernel.ownLog('ledger') }).stateHash();

  beforeAll(async () => {
    node = await startTestNode({ modules: ['ledger'] });
    alice = await node.person('alice');
    bob = await node.person('bob');
    await openAccounts(alice, ['world', 'a', 'b']);
    await openAccounts(bob, ['shop']);
    await make(alice, moving('fund', 'world', 'a', '10'));
    const { sequence } = await alice.call(ledger.whatIf, {
      transfers: [moving('none', 'a', 'b', '0')],
    });
    funded = sequence;
    await make(alice, moving('rent', 'a', 'shop', '7'));
    await make(alice, moving('save', 'a', 'b', '1'));
    await make(alice, moving('wish', 'a', 'shop', '5'));
    await make(bob, moving('back', 'shop', 'b', '4'));
  });
  afterAll(() => node.close());

  it('answer what transfers would be answered now, show balances beside each other, and stay as they are', async () => {
    const before = await hash();
    const answer = await alice.call(ledger.whatIf, {
      transfers: [
        moving('t1', 'b', 'a', '1.50'),
        moving('t2', 'a', 'shop', '2.50'),
        moving('t3', 'a', 'shop', '2'),
        moving('save', 'a', 'b', '1'),
      ],
    });
    expect(answer.results.map(({ result }) => result)).toStrictEqual([
      'created',
      'created',
      'exceeds_credits',
      'exists',
    ]);
    expect(answer).toMatchObject({ refused: [], accepted: [], isComplete: true });
    const none = { debitsPending: '0', creditsPending: '0' };
    expect(answer.balances).toStrictEqual([
      {
        accountId: 'a',
        unit: 'EUR',
        inBooks: { ...none, debitsPosted: '8', creditsPosted: '10' },
        inFork: { ...none, debitsPosted: '10.5', creditsPosted: '11.5' },
      },
      {
        accountId: 'b',
        unit: 'EUR',
        inBooks: { ...none, debitsPosted: '0', creditsPosted: '5' },
        inFork: { ...none, debitsPosted: '1.5', creditsPosted: '5' },
      },
    ]);
    expect(await hash()).toStrictEqual(before);
    expect(await make(alice, moving('t3', 'b', 'a', '0.5'))).toBe('created');
  });

  it('stand where they stood, at a sequence and as of an instant, before a whole call', async () => {
    const transfers = [moving('then', 'a', 'b', '10')];
    const at = await alice.call(ledger.whatIf, { transfers, sequence: funded });
    expect(at).toMatchObject({ sequence: funded, results: [{ result: 'created' }] });
    expect(at.balances.map(({ accountId, inBooks }) => [accountId, inBooks.creditsPosted])).toEqual(
      [
        ['a', '10'],
        ['b', '0'],
      ],
    );
    const { timestamp } = await alice.call(ledger.transfer, { transferId: 'fund' });
    const second = Math.floor(Number(BigInt(timestamp) / 1_000_000_000n));
    const rest = (BigInt(timestamp) % 1_000_000_000n).toString().padStart(9, '0');
    const asOf = `${new Date(second * 1_000).toISOString().slice(0, 19)}.${rest}Z`;
    expect(await alice.call(ledger.whatIf, { transfers, asOf })).toStrictEqual(at);
    const empty = await alice.call(ledger.whatIf, { transfers, sequence: 0 });
    expect(empty).toMatchObject({ sequence: 0, results: [{ result: 'exceeds_credits' }] });
  });

  it('go on with what really came, and say what would have been refused, or made', async () => {
    const answer = await alice.call(ledger.whatIf, {
      transfers: [moving('early', 'a', 'b', '4')],
      sequence: funded,
      replay: true,
    });
    expect(answer).toMatchObject({
      results: [{ id: 'early', result: 'created' }],
      refused: [{ transferId: 'rent', result: 'exceeds_credits' }],
      accepted: [{ transferId: 'wish', result: 'exceeds_credits' }],
      isComplete: true,
    });
    const posted = Object.fromEntries(
      answer.balances.map(({ accountId, inBooks, inFork }) => [
        accountId,
        [inBooks.debitsPosted, inFork.debitsPosted, inFork.creditsPosted],
      ]),
    );
    expect(posted).toStrictEqual({ a: ['8', '10', '10.5'], b: ['0.5', '0.5', '9'] });
  });

  it('say nothing of what came after where they do not go on', async () => {
    const answer = await alice.call(ledger.whatIf, {
      transfers: [moving('early', 'a', 'b', '9')],
      sequence: funded,
    });
    expect(answer).toMatchObject({ refused: [], accepted: [] });
  });

  it('show nobody the accounts of others, nor transfers between them', async () => {
    const carol = await node.person('carol');
    await openAccounts(carol, ['world-c', 'c', 'd']);
    await make(carol, moving('c-fund', 'world-c', 'c', '3'));
    const { sequence } = await carol.call(ledger.whatIf, {
      transfers: [moving('none', 'c', 'd', '0')],
    });
    await make(carol, moving('c-1', 'c', 'shop', '3'));
    expect(await make(bob, moving('b-1', 'shop', 'b', '6'))).toBe('created');
    const ask = async (who: Actor, replay: boolean) =>
      who.result(ledger.whatIf, {
        transfers: [moving('c-2', 'c', 'd', '2')],
        sequence,
        replay,
      });
    // That bob could not have paid alice then is not for carol's eyes.
    expect(await ask(carol, true)).toMatchObject({
      status: 'ok',
      data: {
        refused: [{ transferId: 'c-1', result: 'exceeds_credits' }],
        balances: [{ accountId: 'c' }, { accountId: 'd' }],
      },
    });
    expect(await ask(bob, true)).toMatchObject({ code: 'QONSENT_DENIED' });
    const stranger = await node.person('dave', 'elsewhere');
    expect(await ask(stranger, true)).toMatchObject({
      status: 'ok',
      data: { results: [{ result: 'debit_account_not_found' }], balances: [], refused: [] },
    });
  });

  it.each([
    ['a sequence that is still to come', { sequence: 1_000_000 }, 'INPUT_INVALID'],
    ['an instant that is still to come', { asOf: '2199-01-01T00:00:00Z' }, 'INPUT_INVALID'],
    ['two places', { sequence: 0, asOf: '2020-01-01T00:00:00Z' }, 'INPUT_INVALID'],
    ['a day that no calendar has', { asOf: '2020-02-30T00:00:00Z' }, 'INPUT_INVALID'],
    ['no transfer', { transfers: [] }, 'INPUT_INVALID'],
    ['an amount of no cent', { transfers: [moving('x', 'a', 'b', '0.001')] }, 'AMOUNT_INVALID'],
    ['the id of a module', { transfers: [moving('ledger:x', 'a', 'b', '1')] }, 'QONSENT_DENIED'],
  ])('are not forked for %s', async (_, more, code) => {
    const transfers = [moving('x', 'a', 'b', '1')];
    expect(await alice.result(ledger.whatIf, { transfers, ...more })).toMatchObject({ code });
  });

  it('are forked for one call at a time', async () => {
    const ask = () =>
      alice.result(ledger.whatIf, { transfers: [moving('x', 'b', 'a', '1')], replay: true });
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(answers.map(({ code }) => code).toSorted()).toStrictEqual([
      'SERVICE_UNAVAILABLE',
      'SERVICE_UNAVAILABLE',
      'SUCCESS',
    ]);
  });
});
