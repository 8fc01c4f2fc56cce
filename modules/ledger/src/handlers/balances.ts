import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import type { Balances } from '@anarq/ledger-engine';
import { readableAccount } from '../accounts.ts';
import { keyText } from '../books/keys.ts';
import { transferEntry } from '../books/records.ts';
import { ledger } from '../contract.ts';
import { ACCOUNT_FLAGS } from '../flags.ts';
import { transfersByKey } from '../names.ts';
import { listing, narrowing, READ_MAX, sidesOf } from '../search.ts';
import { balanceView, limitOf } from '../views.ts';

export const balances = handler(ledger.balances, async (input, ctx) => {
  const { name, entry } = await readableAccount(ctx, input.accountId);
  if ((entry.flags & ACCOUNT_FLAGS.history) === 0)
    fail('STATE_CONFLICT', 'The account was opened without history; list its transfers instead.', {
      state: 'no history',
      accountId: name.id,
    });
  const filter = { accountId: entry.key, ...sidesOf(input), ...narrowing(input) };
  const { items, next } = await listing(ctx, {
    input,
    limit: limitOf(input),
    search: (queries, place) => {
      const { records, readTo } = queries.searchAccountTransfers({ ...filter, ...place }, READ_MAX);
      const found = records.map(transferEntry).map((transfer) => ({
        entry: transfer,
        // One with history keeps how each of its transfers left it.
        left: queries.balancesAt(entry.key, transfer.timestamp) as Balances,
      }));
      return { found, readTo };
    },
    show: async (found) => {
      const keys = found.map(({ entry: { key } }) => key);
      const ids = await transfersByKey(ctx, keys);
      return found.flatMap((one) => {
        const id = ids.get(keyText(one.entry.key))?.id;
        return id === undefined ? [] : [{ ...one, id }];
      });
    },
  });
  return {
    items: items.map(({ id, left, entry: { timestamp } }) =>
      balanceView(id, { ...left, timestamp }, entry.unit),
    ),
    ...(next === undefined ? {} : { next }),
  };
});
