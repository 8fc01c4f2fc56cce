import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { checkIds } from '../access.ts';
import { ACCOUNT_FLAGS, toBits } from '../account.ts';
import { checkUnit } from '../amounts.ts';
import { planAccounts } from '../batch.ts';
import { ledger } from '../contract.ts';
import { readAccounts } from '../reading.ts';
import { insertAccounts } from '../writing.ts';

/** Each holder can open the record of the call; a record has a place for so many. */
const HOLDERS_MAX = 24;

export const createAccounts = handler(ledger.createAccounts, async (input, ctx) => {
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
  const existing = await readAccounts(
    ctx,
    requests.map(({ id }) => id),
  );
  const plan = planAccounts(requests, existing, { owner: ctx.call.subject, now_ms: ctx.now_ms });
  insertAccounts(ctx, plan.created);
  for (const { holder } of plan.created) if (holder !== undefined) ctx.party(holder);
  return { results: requests.map(({ id }, i) => ({ id, result: plan.results[i] ?? 'created' })) };
});
