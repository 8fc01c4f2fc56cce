import type { ProcessContext } from '@anarq/kernel';
import { checkAccounts, stillOpen } from '../access.ts';
import { booksOf } from '../books/books.ts';
import { causeOf, transferKey } from '../books/keys.ts';
import { inBooks } from '../books/refused.ts';
import { transferRecords } from '../books/requests.ts';
import type { Admit, BatchAnswer } from '../engine/group.ts';
import { checkGoesOn } from '../goesOn.ts';
import { keepTransferNames } from '../keepNames.ts';
import { setEntry, type Metadata } from './metadata.ts';
import { transferIdOf, transfersOf, type Heading, type Posting } from './postings.ts';
import { transactionNames } from './store.ts';

export type Mover = Pick<
  ProcessContext,
  'call' | 'services' | 'ownLog' | 'select' | 'allows' | 'cancelled'
>;

/** What is in the log already of a call that was cut off after it had begun: so many postings at most. */
export function doneBefore(
  ctx: Mover,
  batchId: string,
  transactionId: string,
  postingsMax: number,
): Promise<BatchAnswer | undefined> {
  const books = booksOf(ctx);
  const keys = Array.from({ length: postingsMax }, (_, index) =>
    transferKey(ctx.call.tenant, transferIdOf(transactionId, index + 1)),
  );
  return books.ask(() => books.outcomeOf(causeOf(batchId), keys));
}

/**
 * Puts the postings into the books, all of them or none.
 * @param admit looks at the books in the moment before, besides whether the accounts are still open
 * @throws QONSENT_DENIED where the subject may not move one of them, CANCELLED where it was stopped
 */
export async function carryOut(
  ctx: Mover,
  batchId: string,
  heading: Heading,
  postings: readonly Posting[],
  admit: Admit = () => {},
): Promise<BatchAnswer> {
  const requests = transfersOf(heading, postings);
  const opened = await checkAccounts(ctx, requests);
  checkGoesOn(ctx);
  const isOpen = stillOpen(ctx, requests, opened);
  return inBooks(
    booksOf(ctx).createTransfers(
      transferRecords(ctx.call.tenant, requests),
      causeOf(batchId),
      (state) => {
        isOpen(state);
        admit(state);
      },
    ),
  );
}

/** What the store keeps of a transaction beside its postings. */
export interface Kept {
  readonly userData?: string | undefined;
  readonly metadata: Metadata;
  readonly reverts?: string;
}

type Keeper = Mover & Pick<ProcessContext, 'rows' | 'write' | 'afterCommit'>;

/** Adds to the outcome of the call what the books do not keep. */
export function keep(
  ctx: Keeper,
  batchId: string,
  { id }: Heading,
  answer: BatchAnswer,
  accounts: ReadonlySet<string>,
  kept: Kept,
): void {
  const { tenant } = ctx.call;
  keepTransferNames(
    ctx,
    batchId,
    answer,
    Array.from(answer.results, (_, index) => ({
      id: transferIdOf(id, index + 1),
      userData: kept.userData,
    })),
  );
  if (answer.results.some((number) => number !== 0)) return;
  ctx.rows(transactionNames).insert({
    id,
    ordinal: answer.ordinal,
    postings: answer.results.length,
    user_data: kept.userData ?? null,
    page: answer.page,
    reverts: kept.reverts ?? null,
    reverted_by: null,
  });
  for (const account of accounts)
    ctx.write({
      sql: `INSERT INTO ledger_transaction_account (tenant, account, ordinal, transaction_id)
            VALUES (:tenant, :account, :ordinal, :id)`,
      params: { tenant, account, ordinal: answer.ordinal, id },
    });
  for (const entry of Object.entries(kept.metadata)) setEntry(ctx, 'transaction', id, entry);
}

/** The accounts that postings are between. */
export const accountsOf = (postings: readonly Posting[]): ReadonlySet<string> =>
  new Set(
    postings.flatMap(({ debitAccountId, creditAccountId }) => [debitAccountId, creditAccountId]),
  );
