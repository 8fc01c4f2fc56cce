import type { InputOf } from '@anarq/common-schemas';
import type { Books } from '@anarq/ledger/books';
import { ledger } from '@anarq/ledger/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { accountIdOf, clearingIdOf, issuanceIdOf, ledgerIdOf } from '../src/ledgerAccounts.ts';
import { openBank, type Bank } from './support.ts';

type Transfer = InputOf<typeof ledger.createTransfers>['transfers'][number];

describe.each(['EUR', 'rUv'])('money in %s', (unit) => {
  let bank: Bank;
  let wallet: string;
  beforeEach(async () => {
    bank = await openBank();
    await bank.fund(bank.alice, '1', unit);
    wallet = ledgerIdOf(accountIdOf(bank.alice.did, unit));
    for (const id of ['mint', 'purse'])
      await bank.as(bank.alice)(ledger.createAccounts, {
        accounts: [{ id, unit, code: 1, flags: [] }],
      });
  });
  afterEach(async () => bank.close());

  const from = (debitAccountId: string, creditAccountId: string, id = 't1'): Transfer => ({
    id,
    debitAccountId,
    creditAccountId,
    amount: '1000000',
    unit,
    code: 1,
  });
  const move = (...transfers: Transfer[]) =>
    bank.as(bank.alice)(ledger.createTransfers, { transfers });

  /** Everything that the ledger holds but the own accounts of alice. */
  const accountsOfTheWallet = () => {
    const { kernel } = bank.node;
    return (kernel.ownLog('ledger') as Books).ownedBy(kernel.node.modules['qwallet']!);
  };

  it('is not made by who pays a wallet from an account that may go below zero', async () => {
    const before = await accountsOfTheWallet();
    const denied = { code: 'QONSENT_DENIED', details: { transferId: 't1' } };
    for (const account of [
      wallet,
      clearingIdOf(unit),
      issuanceIdOf(unit),
      ledgerIdOf(accountIdOf(bank.shop.did, unit)),
    ]) {
      await expect(move(from('mint', account))).rejects.toMatchObject(denied);
      await expect(move({ ...from('mint', account), flags: ['pending'] })).rejects.toMatchObject(
        denied,
      );
    }
    await expect(
      bank.as(bank.alice)(qwallet.pay, {
        amount: '2',
        unit,
        recipients: [{ identity: bank.shop.did, amount: '2' }],
      }),
    ).rejects.toMatchObject({ code: 'INSUFFICIENT_FUNDS' });
    expect(await accountsOfTheWallet()).toStrictEqual(before);
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['1', '0', '1']);
  });

  it('is not made within a chain, nor by a hold that is posted in the same call', async () => {
    const before = await accountsOfTheWallet();
    const denied = { code: 'QONSENT_DENIED', details: { transferId: 't2' } };
    await expect(
      move({ ...from('mint', 'purse'), flags: ['linked'] }, from('purse', wallet, 't2')),
    ).rejects.toMatchObject(denied);
    await expect(
      move(
        from('mint', 'purse'),
        { ...from('mint', wallet, 't2'), flags: ['pending'] },
        {
          id: 't3',
          pendingId: 't2',
          flags: ['post_pending'],
        },
      ),
    ).rejects.toMatchObject(denied);
    expect(await accountsOfTheWallet()).toStrictEqual(before);
    // Nothing of a refused call has happened, also what was allowed by itself.
    const { creditsPosted } = await bank.as(bank.alice)(ledger.account, { accountId: 'purse' });
    expect(creditsPosted).toBe('0');
  });

  it('that the wallet holds is posted and freed by the wallet alone, whoever it is held from', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.reserve, {
      amount: '1',
      unit,
      recipients: [{ identity: bank.shop.did, amount: '1' }],
    });
    const { items } = await bank.as(bank.alice)(ledger.transfers, { accountId: wallet });
    const hold = items.find(({ phase }) => phase === 'pending')?.id ?? '';
    for (const flag of ['post_pending', 'void_pending'] as const)
      await expect(move({ id: 't1', pendingId: hold, flags: [flag] })).rejects.toMatchObject({
        code: 'QONSENT_DENIED',
      });
    expect(await bank.balance(bank.alice, unit)).toStrictEqual(['1', '1', '0']);
    await bank.as(bank.alice)(qwallet.capture, { intentId });
    expect(await bank.balance(bank.shop, unit)).toStrictEqual(['1', '0', '1']);
  });

  it('goes between accounts of people as before', async () => {
    expect((await move(from('mint', 'purse'))).results).toStrictEqual([
      { id: 't1', result: 'created' },
    ]);
  });
});
