import { process } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { checkUnit } from '../amounts.ts';
import { qwallet } from '../contract.ts';
import { accountIdOf, checkOpened, clearing, personal } from '../ledgerAccounts.ts';
import { keepAccount } from '../walletAccounts.ts';

export const openAccount = process(qwallet.openAccount, async ({ unit }, ctx) => {
  checkUnit(unit);
  const owner = ctx.call.subject;
  const opened = await ctx.step(
    'open',
    ledger.createAccounts,
    { accounts: [clearing(unit), personal(owner, unit)] },
    { as: 'module' },
  );
  checkOpened(opened.results);
  await keepAccount(ctx, owner, unit);
  return { accountId: accountIdOf(owner, unit), unit };
});
