import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { readableAccount } from '../accounts.ts';
import { booksOf } from '../books/books.ts';
import { ledger } from '../contract.ts';
import { listTransactions } from '../transactions/list.ts';
import {
  transactionsById,
  transactionView,
  withPostings,
  type TransactionName,
} from '../transactions/read.ts';
import { limitOf, nextOf, readNumberCursor } from '../views.ts';

/** Postings of one page at most, beside those of its first transaction. */
const POSTINGS_OF_PAGE_MAX = 1_000;

export const transactions = handler(ledger.transactions, async (input, ctx) => {
  const { metadataKey, metadataValue, newestFirst = false } = input;
  if (metadataValue !== undefined && metadataKey === undefined)
    fail('INPUT_INVALID', 'A value of metadata is looked for under its key.', { metadataValue });
  const account =
    input.accountId === undefined ? undefined : await readableAccount(ctx, input.accountId);
  const limit = limitOf(input);
  const ids = await listTransactions(ctx, {
    accountId: account?.name.id,
    metadataKey,
    metadataValue,
    newestFirst,
    after: readNumberCursor(input.cursor),
    before: booksOf(ctx).ordinalHorizon ?? Number.MAX_SAFE_INTEGER,
    limit: limit + 1,
  });
  const names = await transactionsById(ctx, ids);
  const found = newestFirst ? names.toReversed() : names;
  const shown = onePage(found.slice(0, limit));
  return {
    items: (await withPostings(ctx, shown)).map(transactionView),
    ...nextOf(found.length > shown.length, shown.at(-1)?.ordinal.toString()),
  };
});

/** As many as have no more postings together than a page shows. */
function onePage(names: readonly TransactionName[]): TransactionName[] {
  let postings = 0;
  return names.filter((name, index) => {
    postings += name.postings;
    return index === 0 || postings <= POSTINGS_OF_PAGE_MAX;
  });
}
