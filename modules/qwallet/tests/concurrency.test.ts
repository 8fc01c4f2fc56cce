import { ledger } from '@anarq/ledger/contract';
import { QError } from '@anarq/common-schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { accountIdOf } from '../src/ledgerAccounts.ts';
import { openBank, type Bank } from './support.ts';

/** How calls made at once ended: 'ok', or the code of the refusal. */
const outcomes = async (calls: readonly Promise<unknown>[]): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const settled of await Promise.allSettled(calls)) {
    const name =
      settled.status === 'fulfilled'
        ? 'ok'
        : settled.reason instanceof QError
          ? settled.reason.code
          : String(settled.reason);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('many payments at once', () => {
  let bank: Bank;
  beforeEach(async () => {
    bank = await openBank();
    await bank.fund(bank.alice, '20', 'EUR');
  });
  afterEach(async () => bank.close());

  const order = (amount: string) => ({
    amount,
    unit: 'EUR',
    recipients: [{ identity: bank.shop.did, amount }],
  });
  const times = <T>(n: number, make: (i: number) => T): T[] =>
    Array.from({ length: n }, (_, i) => make(i));
  const limit = (limits: { perCall?: string; perDay?: string }) =>
    bank.as(bank.alice)(qwallet.setLimit, {
      accountId: accountIdOf(bank.alice.did, 'EUR'),
      ...limits,
    });

  it('never hold more than the account has', async () => {
    const ended = await outcomes(times(30, () => bank.as(bank.alice)(qwallet.reserve, order('1'))));
    expect(ended).toStrictEqual({ ok: 20, INSUFFICIENT_FUNDS: 10 });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['20', '20', '0']);
  });

  it('never take more than the limit of the day, and free what was held for the others', async () => {
    await limit({ perDay: '6.50' });
    const ended = await outcomes(times(12, () => bank.as(bank.alice)(qwallet.reserve, order('1'))));
    expect(ended).toStrictEqual({ ok: 6, LIMIT_EXCEEDED: 6 });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['20', '6', '14']);
  });

  it('never take more in one payment than its limit, and count each UTC day anew', async () => {
    await limit({ perCall: '2', perDay: '3' });
    await expect(bank.as(bank.alice)(qwallet.reserve, order('2.01'))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'perCall', perCall: '2' },
    });
    await bank.as(bank.alice)(qwallet.pay, order('2'));
    await expect(bank.as(bank.alice)(qwallet.pay, order('1.50'))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'perDay', left: '1' },
    });
    const { intentId } = await bank.as(bank.alice)(qwallet.reserve, order('1'));
    await bank.as(bank.alice)(qwallet.void, { intentId });
    await bank.as(bank.alice)(qwallet.pay, order('0.50'));
    bank.clock.skew_ms = 86_400_000;
    await bank.as(bank.alice)(qwallet.pay, order('2'));
    await limit({});
    await bank.as(bank.alice)(qwallet.pay, order('15.50'));
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['0', '0', '0']);
  });

  it('reserve one intent once', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.createIntent, order('3'));
    const ended = await outcomes(
      times(6, () => bank.as(bank.alice)(qwallet.reserve, { intentId, amount: '3', unit: 'EUR' })),
    );
    expect(ended).toStrictEqual({ ok: 1, STATE_CONFLICT: 5 });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['20', '3', '17']);
  });

  it('capture or void a payment once, never both', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.reserve, order('3'));
    const ended = await outcomes(
      times(8, (i) =>
        bank.as(bank.alice)(i % 2 === 0 ? qwallet.capture : qwallet.void, { intentId }),
      ),
    );
    const { status } = await bank.as(bank.alice)(qwallet.intent, { intentId });
    // A payment that is void can be voided again, without effect; a capture is made once.
    expect(ended).toStrictEqual(
      status === 'SETTLED' ? { ok: 1, STATE_CONFLICT: 7 } : { ok: 4, STATE_CONFLICT: 4 },
    );
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(
      status === 'SETTLED' ? ['17', '0', '17'] : ['20', '0', '20'],
    );
  });

  it('pay back a payment once', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, order('3'));
    // Enough for all of them: only the wallet stands between one refund and five.
    await bank.fund(bank.shop, '20', 'EUR');
    const ended = await outcomes(
      times(5, () => bank.as(bank.shop)(qwallet.refund, { intentId, amount: '2' })),
    );
    expect(ended['ok']).toBe(1);
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['19', '0', '19']);
    const intent = await bank.as(bank.alice)(qwallet.intent, { intentId });
    expect(intent).toMatchObject({ status: 'PARTIALLY_REFUNDED', refunded: '2' });
  });

  it('refund again once the recipient can pay, where it could not before', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, order('3'));
    await bank.as(bank.shop)(qwallet.pay, {
      amount: '3',
      unit: 'EUR',
      recipients: [{ identity: bank.artist.did, amount: '3' }],
    });
    await expect(bank.as(bank.shop)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    await bank.fund(bank.shop, '3', 'EUR');
    const refunded = await bank.as(bank.shop)(qwallet.refund, { intentId });
    expect(refunded.status).toBe('REFUNDED');
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['20', '0', '20']);
  });

  it('open an account of somebody new once, however many pay at the same time', async () => {
    const paid = await outcomes(times(6, () => bank.as(bank.alice)(qwallet.pay, order('1'))));
    expect(paid).toStrictEqual({ ok: 6 });
    const { items } = await bank.as(bank.shop)(qwallet.accounts, {});
    expect(items.map(({ posted }) => posted)).toStrictEqual(['6']);
  });

  it('show the holder every movement in the ledger itself, but let nobody move it there', async () => {
    await bank.as(bank.alice)(qwallet.pay, order('1'));
    const accountId = `qwallet:${accountIdOf(bank.alice.did, 'EUR')}`;
    const { items } = await bank.as(bank.alice)(ledger.transfers, { accountId });
    expect(items.map(({ phase, amount }) => [phase, amount])).toStrictEqual([
      ['none', '20'],
      ['posted', '1'],
      ['none', '1'],
    ]);
    const steal = {
      debitAccountId: accountId,
      creditAccountId: 'qwallet:clearing:EUR',
      amount: '1',
    };
    for (const id of ['mine', 'qwallet:mine'])
      await expect(
        bank.as(bank.alice)(ledger.createTransfers, {
          transfers: [{ id, ...steal, unit: 'EUR', code: 1 }],
        }),
      ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await expect(
      bank.as(bank.alice)(ledger.createAccounts, {
        accounts: [{ id: 'qwallet:clearing:USD', unit: 'USD', code: 1, flags: [] }],
      }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });
});
