import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { openBank, type Bank } from './support.ts';

describe('a hold that is captured in part', () => {
  let bank: Bank;
  beforeEach(async () => {
    bank = await openBank();
    await bank.fund(bank.alice, '100', 'EUR');
  });
  afterEach(() => bank.close());

  const held = () =>
    bank.as(bank.alice)(qwallet.reserve, {
      amount: '10',
      unit: 'EUR',
      recipients: [
        { identity: bank.shop.did, amount: '7.5' },
        { identity: bank.artist.did, amount: '2.5' },
      ],
    });

  it('takes so much, frees the rest, and is a payment of that much from then on', async () => {
    const { intentId } = await held();
    const taken = await bank.as(bank.alice)(qwallet.capture, { intentId, amount: '4.01' });
    expect(taken).toMatchObject({ status: 'SETTLED', amount: '4.01' });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['95.99', '0', '95.99']);
    // 3.0075 and 1.0025: the larger remainder gets the last minor unit.
    expect(await bank.balance(bank.shop, 'EUR')).toStrictEqual(['3.01', '0', '3.01']);
    expect(await bank.balance(bank.artist, 'EUR')).toStrictEqual(['1', '0', '1']);
    const intent = await bank.as(bank.alice)(qwallet.intent, { intentId });
    expect(intent).toMatchObject({ amount: '4.01', status: 'SETTLED' });
    await bank.as(bank.node.operator)(qwallet.refund, { intentId });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['100', '0', '100']);
  });

  it('leaves out who would get nothing', async () => {
    const { intentId } = await held();
    await bank.as(bank.alice)(qwallet.capture, { intentId, amount: '0.01' });
    const { recipients } = await bank.as(bank.alice)(qwallet.intent, { intentId });
    expect(recipients).toStrictEqual([{ identity: bank.shop.did, amount: '0.01' }]);
  });

  it.each(['10.01', '0', '-1', '0.001'])('is not of %s', async (amount) => {
    const { intentId } = await held();
    await expect(bank.as(bank.alice)(qwallet.capture, { intentId, amount })).rejects.toMatchObject({
      code: 'AMOUNT_INVALID',
    });
    expect(await bank.balance(bank.alice, 'EUR')).toStrictEqual(['100', '10', '90']);
  });
});
