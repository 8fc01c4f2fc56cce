import type { ProcessContext } from '@anarq/kernel';
import { isTransient } from '@anarq/ledger-engine';
import { booksOf } from './books/books.ts';
import { accountKey, keyText, transferKey } from './books/keys.ts';
import type { AccountRequest } from './books/requests.ts';
import type { BatchAnswer } from './engine/group.ts';
import { accountNames, transferNames } from './store.ts';

type Keeper = Pick<ProcessContext, 'rows' | 'call' | 'ownLog' | 'afterCommit'>;

/** Adds to the outcome of a call what the books do not keep of an account. */
export function keepAccountName(
  ctx: Pick<Keeper, 'rows' | 'call'>,
  { id, holder, unit, userData, owner }: AccountRequest & { readonly owner?: string },
  page: number,
): void {
  ctx.rows(accountNames).insert({
    id,
    ...(owner === undefined ? {} : { owner }),
    book_key: keyText(accountKey(ctx.call.tenant, id)),
    holder: holder ?? null,
    unit,
    user_data: userData ?? null,
    page,
  });
}

/**
 * Likewise of the transfers of a batch: of those that moved money, and of those whose id was used up.
 * Lists end before the batch until the outcome is told.
 */
export function keepTransferNames(
  ctx: Keeper,
  batchId: string,
  answer: BatchAnswer,
  transfers: readonly { readonly id: string; readonly userData?: string | undefined }[],
): void {
  const books = booksOf(ctx);
  books.begin(batchId, answer);
  ctx.afterCommit(() => books.told(batchId));
  for (const [index, number] of answer.results.entries()) {
    const transfer = transfers[index];
    // An id that was refused for good is used up as one that moved money is.
    if (transfer === undefined || (number !== 0 && !isTransient(number))) continue;
    ctx.rows(transferNames).insert({
      id: transfer.id,
      book_key: keyText(transferKey(ctx.call.tenant, transfer.id)),
      user_data: transfer.userData ?? null,
      page: answer.page,
    });
  }
}
