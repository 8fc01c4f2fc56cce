import type { ProcessContext } from '@anarq/kernel';
import { RECORD_BYTES } from '@anarq/ledger-engine';
import { booksOf } from './books/books.ts';
import { accountKey, causeOf } from './books/keys.ts';
import { accountEntry, type AccountEntry } from './books/records.ts';
import { inBooks } from './books/refused.ts';
import { checkGoesOn } from './goesOn.ts';
import { accountsById, type LedgerReader } from './names.ts';
import { accountResult, type AccountResult } from './results.ts';

type Opener = LedgerReader & Pick<ProcessContext, 'cancelled'>;

/** How accounts are asked for. */
interface Order<R> {
  readonly requests: readonly R[];
  readonly recordsOf: (requests: readonly R[]) => Uint8Array;
  /** Names the call to the books. */
  readonly batchId: string;
  /** What else than the usual has to be the same in an account that was opened before. */
  readonly members?: readonly (keyof AccountEntry)[];
}

/**
 * Opens accounts in the books, once, whatever happens to the call.
 * @returns what became of each, and a page of the log up to which all of them lie
 */
export async function openOnce<R extends { readonly id: string }>(
  ctx: Opener,
  { requests, recordsOf, batchId, members = [] }: Order<R>,
): Promise<{ readonly results: readonly AccountResult[]; readonly page: number }> {
  const ids = requests.map(({ id }) => id);
  const before = await openedBefore(ctx, ids, recordsOf(requests), members);
  const left = requests.filter(({ id }) => !before.has(id));
  checkGoesOn(ctx);
  const books = booksOf(ctx);
  // A batch of nothing has no page: all of them lie behind.
  const opened =
    left.length === 0
      ? { results: new Uint32Array(0), page: books.pages - 1 }
      : await inBooks(books.createAccounts(recordsOf(left), causeOf(batchId)));
  const results = requests.map((request) => {
    const place = left.indexOf(request);
    return place === -1 ? 'created' : accountResult(opened.results[place] ?? 0);
  });
  return { results, page: opened.page };
}

const MEMBERS = ['ownerMark', 'detailsMark', 'unit', 'code', 'flags'] as const;

/**
 * Accounts that are in the books as they are asked for, and have no name in the store: a run of this
 * call that was cut off opened them, and nobody was told.
 * @param asked a record for each id
 * @param members what else has to be the same
 */
async function openedBefore(
  ctx: LedgerReader,
  ids: readonly string[],
  asked: Uint8Array,
  members: readonly (keyof AccountEntry)[],
): Promise<ReadonlySet<string>> {
  const known = await accountsById(ctx, ids);
  const found = await booksOf(ctx).ask((queries) =>
    ids.filter((id, index) => {
      const record = known.has(id) ? undefined : queries.account(accountKey(ctx.call.tenant, id));
      if (record === undefined) return false;
      const [is, wanted] = [record, asked.subarray(index * RECORD_BYTES)].map(accountEntry);
      return [...MEMBERS, ...members].every((member) => is?.[member] === wanted?.[member]);
    }),
  );
  return new Set(found);
}
