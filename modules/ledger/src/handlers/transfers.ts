import { handler } from '@anarq/kernel';
import { readableAccount } from '../accounts.ts';
import { ledger } from '../contract.ts';
import { listing, narrowing, READ_MAX, sidesOf } from '../search.ts';
import { named, standingsIn } from '../transfers.ts';
import { limitOf, transferView } from '../views.ts';

export const transfers = handler(ledger.transfers, async (input, ctx) => {
  const { entry } = await readableAccount(ctx, input.accountId);
  const filter = { accountId: entry.key, ...sidesOf(input), ...narrowing(input) };
  const { items, next } = await listing(ctx, {
    input,
    limit: limitOf(input),
    search: (queries, place) =>
      standingsIn(queries, queries.searchAccountTransfers({ ...filter, ...place }, READ_MAX)),
    show: (found) => named(ctx, found),
  });
  return { items: items.map(transferView), ...(next === undefined ? {} : { next }) };
});
