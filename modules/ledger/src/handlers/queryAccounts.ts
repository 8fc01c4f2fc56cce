import { handler, type ReadContext } from '@anarq/kernel';
import type { NamedAccount } from '../accounts.ts';
import { checkUnit } from '../amounts.ts';
import { keyText, ownerMark, tenantMark } from '../books/keys.ts';
import { accountEntry, type AccountEntry } from '../books/records.ts';
import { ledgerOf } from '../books/unitNumbers.ts';
import { accountViews } from '../accountViews.ts';
import { ledger } from '../contract.ts';
import { accountsByKey } from '../names.ts';
import { listing, narrowing, READ_MAX } from '../search.ts';
import { limitOf } from '../views.ts';

export const queryAccounts = handler(ledger.queryAccounts, async (input, ctx) => {
  if (input.unit !== undefined) checkUnit(input.unit);
  const filter = {
    userData32: tenantMark(ctx.call.tenant),
    ledger: ledgerOf(input.unit),
    ...narrowing({ code: input.code }),
    ...(input.owner === undefined ? {} : { userData128: ownerMark(input.owner) }),
  };
  const { items, next } = await listing(ctx, {
    input,
    limit: limitOf(input),
    search: (queries, place) => {
      const { records, readTo } = queries.searchAccounts({ ...filter, ...place }, READ_MAX);
      return { found: records.map(accountEntry), readTo };
    },
    show: async (found) => withNames(ctx, found, input.userData),
  });
  return { items: await accountViews(ctx, items), ...(next === undefined ? {} : { next }) };
});

/** Accounts with their names; those with a reference, where one is asked for: the books do not know it. */
async function withNames(
  ctx: Pick<ReadContext, 'select' | 'call' | 'ownLog'>,
  found: readonly AccountEntry[],
  userData: string | undefined,
): Promise<NamedAccount[]> {
  const names = await accountsByKey(
    ctx,
    found.map(({ key }) => key),
  );
  return found.flatMap((entry) => {
    const name = names.get(keyText(entry.key));
    if (name === undefined || (userData !== undefined && name.userData !== userData)) return [];
    return [{ name, entry }];
  });
}
