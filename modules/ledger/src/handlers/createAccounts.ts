import { fail } from '@anarq/common-schemas';
import { process } from '@anarq/kernel';
import { checkIds } from '../access.ts';
import { checkUnit } from '../amounts.ts';
import { accountRecords } from '../books/requests.ts';
import { ledger } from '../contract.ts';
import { ACCOUNT_FLAGS, toBits } from '../flags.ts';
import { keepAccountName } from '../keepNames.ts';
import { openOnce } from '../opened.ts';

/** Each holder can open the record of the call; a record has a place for so many. */
const HOLDERS_MAX = 24;

export const createAccounts = process(ledger.createAccounts, async (input, ctx) => {
  checkIds(ctx, input.accounts);
  const holders = new Set(input.accounts.flatMap(({ holder }) => holder ?? []));
  if (holders.size > HOLDERS_MAX)
    fail('LIMIT_EXCEEDED', `One call opens accounts for at most ${HOLDERS_MAX} holders.`, {
      limit: HOLDERS_MAX,
      holders: holders.size,
    });
  const requests = input.accounts.map((account) => {
    checkUnit(account.unit);
    return { ...account, flags: toBits(ACCOUNT_FLAGS, account.flags) };
  });
  const { tenant, subject } = ctx.call;
  const { results, page } = await openOnce(ctx, {
    requests,
    recordsOf: (some) => accountRecords(tenant, subject, some),
    batchId: ctx.id('batch'),
  });
  for (const [index, request] of requests.entries()) {
    if (results[index] !== 'created') continue;
    keepAccountName(ctx, request, page);
    if (request.holder !== undefined) ctx.party(request.holder);
  }
  return {
    results: requests.map(({ id }, index) => ({ id, result: results[index] ?? 'created' })),
  };
});
