import { process } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { ledger } from '@anarq/ledger/contract';
import { readPayment } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import {
  accountIdOf,
  checkOpened,
  clearing,
  issuance,
  issuanceIdOf,
  ledgerIdOf,
  personal,
  TRANSFER_CODES,
} from '../ledgerAccounts.ts';
import { checkIdentity } from '../orders.ts';
import { checkMoved } from '../outcomes.ts';
import { keepAccount } from '../walletAccounts.ts';

export const fund = process(qwallet.fund, async (input, ctx) => {
  const { identity, unit } = input;
  const amount = formatMinor(readPayment(input.amount, unit), unit);
  await checkIdentity(ctx, identity);
  const accountId = accountIdOf(identity, unit);
  const transferId = `qwallet:${ctx.id('fund')}`;
  const opened = await ctx.step(
    'open',
    ledger.createAccounts,
    { accounts: [issuance(unit), clearing(unit), personal(identity, unit)] },
    { as: 'module' },
  );
  checkOpened(opened.results);
  const issued = await ctx.step(
    'issue',
    ledger.createTransfers,
    {
      transfers: [
        {
          id: transferId,
          debitAccountId: issuanceIdOf(unit),
          creditAccountId: ledgerIdOf(accountId),
          amount,
          unit,
          code: TRANSFER_CODES.funding,
        },
      ],
    },
    { as: 'module' },
  );
  checkMoved(issued.results, { accountId });
  await keepAccount(ctx, identity, unit);
  ctx.party(identity);
  ctx.emit('q.qwallet.account.funded.v1', { accountId, owner: identity, amount, unit });
  return { accountId, amount, unit };
});
