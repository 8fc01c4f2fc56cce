import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { accountIdOf } from '../src/ledgerAccounts.ts';
import { openBank, type Bank } from './support.ts';

describe.each([
  { unit: 'rUv', whole: '10', fee: '0.250001', net: '9.749999', least: '0.000001' },
  { unit: 'EUR', whole: '10', fee: '0.25', net: '9.75', least: '0.01' },
])('payments in $unit', ({ unit, whole, fee, net, least }) => {
  let bank: Bank;
  beforeEach(async () => {
    bank = await openBank();
    await bank.fund(bank.alice, '100', unit);
  });
  afterEach(async () => bank.close());

  const order = () => ({
    amount: whole,
    unit,
    recipients: [
      { identity: bank.shop.did, amount: net },
      { identity: bank.artist.did, amount: fee },
    ],
  });

  it('are held, captured, and reach each recipient to the last minor unit', async () => {
    const held = await bank.as(bank.alice)(qwallet.reserve, order());
    expect(held).toMatchObject({ amount: whole, unit, status: 'SIGNED' });
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '10', '90']);
    const paid = await bank.as(bank.alice)(qwallet.capture, { intentId: held.intentId });
    expect(paid.status).toBe('SETTLED');
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['90', '0', '90']);
    expect(await bank.balance(bank.shop, unit)).toStrictEqual([net, '0', net]);
    expect(await bank.balance(bank.artist, unit)).toStrictEqual([fee, '0', fee]);
  });

  it('can be written down first, and are paid as they were written down', async () => {
    const { intentId, status } = await bank.as(bank.alice)(qwallet.createIntent, {
      ...order(),
      purpose: 'order 17',
    });
    expect(status).toBe('PENDING');
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
    await expect(
      bank.as(bank.alice)(qwallet.reserve, { intentId, amount: least, unit }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await expect(
      bank.as(bank.shop)(qwallet.reserve, { intentId, amount: whole, unit }),
    ).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    await bank.as(bank.alice)(qwallet.reserve, { intentId, amount: whole, unit });
    await bank.as(bank.alice)(qwallet.capture, { intentId });
    const intent = await bank.as(bank.alice)(qwallet.intent, { intentId });
    expect(intent).toMatchObject({ status: 'SETTLED', purpose: 'order 17', refunded: '0' });
    expect((await bank.as(bank.alice)(qwallet.intents, {})).items).toStrictEqual([intent]);
  });

  it('can be made in one go', async () => {
    expect(await bank.as(bank.alice)(qwallet.pay, order())).toMatchObject({ status: 'SETTLED' });
    expect(await bank.balance(bank.shop, unit)).toStrictEqual([net, '0', net]);
  });

  it('are paid back by the recipients in proportion, exactly, part after part', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, order());
    await bank.as(bank.node.operator)(qwallet.refund, { intentId, amount: least });
    const part = await bank.as(bank.node.operator)(qwallet.refund, { intentId, amount: '3' });
    expect(part.status).toBe('PARTIALLY_REFUNDED');
    const all = await bank.as(bank.node.operator)(qwallet.refund, { intentId });
    expect(all).toMatchObject({ status: 'REFUNDED', refunded: whole });
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
    expect(await bank.balance(bank.shop, unit)).toStrictEqual(['0', '0', '0']);
    expect(await bank.balance(bank.artist, unit)).toStrictEqual(['0', '0', '0']);
    await expect(bank.as(bank.node.operator)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'REFUNDED' },
    });
  });

  it('give back what was held when they are voided', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.reserve, order());
    expect((await bank.as(bank.alice)(qwallet.void, { intentId })).status).toBe('VOIDED');
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
    for (const op of [qwallet.capture, qwallet.refund] as const)
      await expect(
        bank.as(op === qwallet.refund ? bank.node.operator : bank.alice)(op, { intentId }),
      ).rejects.toMatchObject({ code: 'STATE_CONFLICT', details: { state: 'VOIDED' } });
    // An undo that finds it done has nothing left to do.
    expect((await bank.as(bank.alice)(qwallet.void, { intentId })).status).toBe('VOIDED');
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
  });

  it('give back what was held when their time runs out', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.reserve, order());
    bank.clock.skew_ms = 16 * 60_000;
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
    expect((await bank.as(bank.alice)(qwallet.intent, { intentId })).status).toBe('EXPIRED');
    await expect(bank.as(bank.alice)(qwallet.capture, { intentId })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'EXPIRED' },
    });
    // An undo may come late, and more than once.
    for (let i = 0; i < 2; i++)
      expect((await bank.as(bank.alice)(qwallet.void, { intentId })).status).toBe('EXPIRED');
  });

  it('are refused where the account does not hold enough, and leave no trace', async () => {
    const tooMuch = {
      amount: '100.01',
      unit,
      recipients: [{ identity: bank.shop.did, amount: '100.01' }],
    };
    await expect(bank.as(bank.alice)(qwallet.reserve, tooMuch)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    await expect(bank.as(bank.alice)(qwallet.pay, tooMuch)).rejects.toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['100', '0', '100']);
    expect((await bank.as(bank.alice)(qwallet.intents, {})).items).toStrictEqual([]);
    await expect(
      bank.as(bank.shop)(qwallet.reserve, {
        ...tooMuch,
        recipients: [{ identity: bank.alice.did, amount: '100.01' }],
      }),
    ).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
  });

  it('are refused where the amounts are not the whole, or a recipient is not possible', async () => {
    const [{ did: shop }, { did: alice }] = [bank.shop, bank.alice];
    const refused = async (
      recipients: { identity: string; amount: string }[],
      code: string,
      amount = whole,
    ) =>
      expect(
        bank.as(bank.alice)(qwallet.createIntent, { amount, unit, recipients }),
      ).rejects.toMatchObject({ code });
    await refused([{ identity: shop, amount: '9' }], 'AMOUNT_INVALID');
    await refused([{ identity: shop, amount: '0' }], 'AMOUNT_INVALID', '0');
    await refused([{ identity: shop, amount: '-1' }], 'AMOUNT_INVALID', '-1');
    await refused([{ identity: shop, amount: '0.0000001' }], 'AMOUNT_INVALID', '0.0000001');
    await refused([{ identity: alice, amount: whole }], 'INPUT_INVALID');
    await refused(
      [
        { identity: shop, amount: '5' },
        { identity: shop, amount: '5' },
      ],
      'INPUT_INVALID',
    );
    await refused([{ identity: 'did:squid:nobody', amount: whole }], 'SQUID_IDENTITY_INVALID');
    const stranger = await bank.node.person('stranger', 'elsewhere');
    await refused([{ identity: stranger.did, amount: whole }], 'SQUID_IDENTITY_INVALID');
  });

  it('are nobody else’s to capture, void, read or pay back', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, order());
    const stranger = await bank.node.person('stranger');
    for (const op of [qwallet.capture, qwallet.void, qwallet.intent] as const)
      await expect(bank.as(stranger)(op, { intentId })).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
      });
    await expect(bank.as(stranger)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
    await expect(bank.as(bank.alice)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    await expect(bank.as(bank.shop)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
      details: { why: { changeableBy: bank.artist.did } },
    });
    await expect(
      bank.as(stranger)(qwallet.account, { accountId: accountIdOf(bank.alice.did, unit) }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await expect(bank.fund(stranger, '1', unit)).resolves.toMatchObject({ amount: '1' });
    await expect(
      bank.as(stranger)(qwallet.fund, { identity: stranger.did, amount: '1', unit }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('tell what happened as events', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, order());
    const rows = await bank.node.store.read(
      `SELECT topic, subject FROM kernel_outbox WHERE module = 'qwallet' ORDER BY seq`,
    );
    expect(
      rows.filter(({ subject }) => subject === intentId).map(({ topic }) => topic),
    ).toStrictEqual([
      'q.qwallet.intent.created.v1',
      'q.qwallet.tx.signed.v1',
      'q.qwallet.tx.settled.v1',
    ]);
  });
});
