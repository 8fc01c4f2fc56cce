import type { Books } from '@anarq/ledger/books';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { shop, shopModule, type Move } from './shop.ts';
import { openBank, type Bank } from './support.ts';

describe('a payment that a purchase holds', () => {
  let bank: Bank;
  beforeEach(async () => {
    bank = await openBank({ extra: [shopModule] });
    await bank.fund(bank.alice, '10', 'EUR');
  });
  afterEach(async () => bank.close());

  /** What is in clearing now, in cents. */
  const inClearing = async () => {
    const { kernel } = bank.node;
    const books = kernel.ownLog('ledger') as Books;
    const clearing = await books.account(kernel.node.tenant, 'qwallet:clearing:EUR');
    return Number(clearing!.creditsPosted - clearing!.debitsPosted);
  };
  const buy = (...moves: Move[]) =>
    bank.as(bank.alice)(shop.buy, { from: bank.shop.did, amount: '1', unit: 'EUR', moves });
  const balances = async () => [
    (await bank.balance(bank.alice, 'EUR'))[2],
    (await bank.as(bank.shop)(qwallet.accounts, {})).items[0]?.posted ?? '0',
  ];

  it('is captured and kept, paid out later, and paid out once however often', async () => {
    const { statuses } = await buy('keep', 'payOut', 'payOut');
    expect(statuses).toStrictEqual(['CAPTURED', 'SETTLED', 'SETTLED']);
    expect(await balances()).toStrictEqual(['9', '1']);
    expect(await inClearing()).toBe(0);
  });

  it('is given back once however often, and then is void', async () => {
    const { statuses, intentId } = await buy('keep', 'giveBack', 'giveBack', 'void');
    expect(statuses).toStrictEqual(['CAPTURED', 'VOIDED', 'VOIDED', 'VOIDED']);
    expect(await balances()).toStrictEqual(['10', '0']);
    await expect(bank.as(bank.alice)(qwallet.capture, { intentId })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'VOIDED' },
    });
  });

  it('that was voided while it was held gives nothing back, though other money is there', async () => {
    await buy('keep');
    expect(await inClearing()).toBe(100);
    const { statuses } = await buy('void', 'void', 'giveBack');
    expect(statuses).toStrictEqual(['VOIDED', 'VOIDED', 'VOIDED']);
    expect(await inClearing()).toBe(100);
    expect(await balances()).toStrictEqual(['9', '0']);
  });

  it('makes no other move: what was kept is undone with the purchase', async () => {
    const wrong: Move[][] = [
      ['payOut'],
      ['giveBack'],
      ['keep', 'keep'],
      ['keep', 'capture'],
      ['keep', 'void'],
      ['keep', 'giveBack', 'payOut'],
    ];
    for (const moves of wrong)
      await expect(buy(...moves), moves.join()).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    // A hold without an undo stays, until it ends by itself; what was kept was given back.
    bank.clock.skew_ms = 16 * 60_000;
    expect(await balances()).toStrictEqual(['10', '0']);
    expect(await inClearing()).toBe(0);
  });

  it('is never paid out and given back, also where both are asked', async () => {
    await expect(buy('keep', 'payOut', 'giveBack')).rejects.toMatchObject({
      code: 'NEEDS_ATTENTION',
    });
    expect(await balances()).toStrictEqual(['9', '1']);
    expect(await inClearing()).toBe(0);
    bank.node.errors.length = 0;
  });

  it('belongs to nobody once its purchase has settled it', async () => {
    const { intentId } = await buy('capture');
    const { status } = await bank.as(bank.shop)(qwallet.refund, { intentId });
    expect(status).toBe('REFUNDED');
    expect(await balances()).toStrictEqual(['10', '0']);
  });

  it('is not the payer’s to move after its purchase has left it held', async () => {
    const { intentId } = await buy();
    for (const op of [qwallet.void, qwallet.capture] as const)
      await expect(bank.as(bank.alice)(op, { intentId })).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        details: { state: 'SIGNED' },
      });
    await expect(
      bank.as(bank.alice)(qwallet.reserve, { intentId, amount: '1', unit: 'EUR' }),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    bank.clock.skew_ms = 16 * 60_000;
    expect(await balances()).toStrictEqual(['10', '0']);
  });
});
