import { handler } from '@anarq/kernel';
import { tenantMark } from '../books/keys.ts';
import { ledgerOf } from '../books/unitNumbers.ts';
import { checkUnit } from '../amounts.ts';
import { ledger } from '../contract.ts';
import { listing, narrowing, READ_MAX } from '../search.ts';
import { named, standingsIn } from '../transfers.ts';
import { limitOf, transferView } from '../views.ts';

export const queryTransfers = handler(ledger.queryTransfers, async (input, ctx) => {
  if (input.unit !== undefined) checkUnit(input.unit);
  const filter = {
    accountsUserData32: tenantMark(ctx.call.tenant),
    ledger: ledgerOf(input.unit),
    ...narrowing(input),
  };
  const { items, next } = await listing(ctx, {
    input,
    limit: limitOf(input),
    search: (queries, place) =>
      standingsIn(queries, queries.searchTransfers({ ...filter, ...place }, READ_MAX)),
    show: (found) => named(ctx, found),
  });
  return { items: items.map(transferView), ...(next === undefined ? {} : { next }) };
});
