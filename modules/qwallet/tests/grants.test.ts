import { deriveKeys, toBase64url } from '@anarq/crypto';
import { ledger } from '@anarq/ledger/contract';
import { qonsent } from '@anarq/qonsent/contract';
import type { Actor } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qwallet } from '../src/contract.ts';
import { accountIdOf, ledgerIdOf } from '../src/ledgerAccounts.ts';
import { openBank, type Bank } from './support.ts';

describe('what others may do under a grant', () => {
  let bank: Bank;
  beforeEach(async () => {
    bank = await openBank({ modules: ['qonsent', 'ledger', 'qwallet'] });
    await bank.fund(bank.alice, '20', 'EUR');
  });
  afterEach(async () => bank.close());

  /** The giver lets somebody use a command on one resource; answers the CID of the grant. */
  const grant = async (giver: Actor, audience: Actor, command: string, resource: string) => {
    const token = bank.node.kernel.services.grants.sign(
      {
        issuer: giver.did,
        audience: audience.did,
        subject: giver.did,
        command,
        policy: [['==', '.resource', resource]],
      },
      deriveKeys(giver.seed, { index: 0 }),
    );
    const issued = await bank.as(giver)(qonsent.grant, {
      audience: audience.did,
      command,
      resource,
      token: toBase64url(token),
    });
    return issued.grant;
  };

  it('a recipient pays back for another who lets it, and no longer once that is revoked', async () => {
    const { intentId } = await bank.as(bank.alice)(qwallet.pay, {
      amount: '10',
      unit: 'EUR',
      recipients: [
        { identity: bank.shop.did, amount: '9' },
        { identity: bank.artist.did, amount: '1' },
      ],
    });
    const account = `qwallet/account/${accountIdOf(bank.artist.did, 'EUR')}`;
    const cid = await grant(bank.artist, bank.shop, '/wallet/refund', account);
    const half = await bank.as(bank.shop)(qwallet.refund, { intentId, amount: '5' });
    expect(half.refunded).toBe('5');
    expect(await bank.balance(bank.artist, 'EUR')).toStrictEqual(['0.5', '0', '0.5']);
    await bank.as(bank.artist)(qonsent.revoke, { grant: cid });
    await expect(bank.as(bank.shop)(qwallet.refund, { intentId })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
  });

  it('an account of the ledger is read and debited by those whom its owner lets', async () => {
    const open = (who: Actor, id: string) =>
      bank.as(who)(ledger.createAccounts, {
        accounts: [{ id, unit: 'EUR', code: 1, flags: [] }],
      });
    await open(bank.alice, 'till');
    await open(bank.shop, 'desk');
    const take = (id: string) =>
      bank.as(bank.shop)(ledger.createTransfers, {
        transfers: [
          {
            id,
            debitAccountId: 'till',
            creditAccountId: 'desk',
            amount: '1',
            unit: 'EUR',
            code: 1,
          },
        ],
      });
    const read = () => bank.as(bank.shop)(ledger.account, { accountId: 'till' });
    await expect(take('t1')).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
    await expect(read()).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    const cid = await grant(bank.alice, bank.shop, '/ledger', 'ledger/account/till');
    expect((await take('t1')).results).toStrictEqual([{ id: 't1', result: 'created' }]);
    expect((await read()).debitsPosted).toBe('1');
    await bank.as(bank.alice)(qonsent.revoke, { grant: cid });
    await expect(read()).rejects.toMatchObject({ code: 'QINDEX_NOT_FOUND' });
    await expect(take('t2')).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });

  it('a transaction debits an account of another, by postings or a template, while its owner lets it', async () => {
    for (const [who, id] of [
      [bank.alice, 'till'],
      [bank.shop, 'desk'],
    ] as const)
      await bank.as(who)(ledger.createAccounts, {
        accounts: [{ id, unit: 'EUR', code: 1, flags: [] }],
      });
    const template =
      'send [EUR/2 100] (source = @till allowing overdraft up to [EUR/2 900] destination = @desk)';
    const posting = { debitAccountId: 'till', creditAccountId: 'desk', amount: '1', unit: 'EUR' };
    const make = (id: string, by: object) =>
      bank.as(bank.shop)(ledger.createTransaction, { id, code: 1, ...by });
    const both = [{ postings: [posting] }, { template }];
    for (const [i, by] of both.entries())
      await expect(make(`no${i}`, by)).rejects.toMatchObject({
        code: i === 0 ? 'QONSENT_DENIED' : 'QINDEX_NOT_FOUND',
      });
    const cid = await grant(bank.alice, bank.shop, '/ledger', 'ledger/account/till');
    for (const [i, by] of both.entries()) expect((await make(`t${i}`, by)).result).toBe('created');
    const { items } = await bank.as(bank.shop)(ledger.transactions, { accountId: 'till' });
    expect(items.map(({ id }) => id)).toStrictEqual(['t0', 't1']);
    await bank.as(bank.alice)(qonsent.revoke, { grant: cid });
    await expect(make('t2', { postings: [posting] })).rejects.toMatchObject({
      code: 'QONSENT_DENIED',
    });
    // She holds her wallet and may read it: a template that takes from it is refused all the same.
    const wallet = ledgerIdOf(accountIdOf(bank.alice.did, 'EUR'));
    await expect(
      bank.as(bank.alice)(ledger.createTransaction, {
        id: 'out',
        code: 1,
        template: `send [EUR/2 100] (source = @${wallet} destination = @till)`,
      }),
    ).rejects.toMatchObject({ code: 'QONSENT_DENIED' });
  });
});
