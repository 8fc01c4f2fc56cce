import { fail, type OutputOf } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { Row, SqlValue } from '@anarq/store';
import { isReader } from '../accounts.ts';
import type { ledger } from '../contract.ts';
import { booksOf } from '../books/books.ts';
import { keyText } from '../books/keys.ts';
import type { TransferEntry } from '../books/records.ts';
import { accountsByKey, type AccountName, type LedgerReader } from '../names.ts';
import { instantText } from '../instants.ts';
import { metadataOf } from './metadata.ts';
import { entriesOf, postingsFrom, writePosting, type Posting } from './postings.ts';

/** What the store keeps of a transaction. */
export interface TransactionName {
  readonly id: string;
  readonly owner: string;
  readonly ordinal: number;
  readonly postings: number;
  readonly userData: string | undefined;
  readonly reverts: string | undefined;
  readonly revertedBy: string | undefined;
}

const textOrNone = (value: SqlValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const transactionName = (row: Row): TransactionName => ({
  id: row['id'] as string,
  owner: row['owner'] as string,
  ordinal: row['ordinal'] as number,
  postings: row['postings'] as number,
  userData: textOrNone(row['user_data']),
  reverts: textOrNone(row['reverts']),
  revertedBy: textOrNone(row['reverted_by']),
});

/** Transactions by their ids, in the order in which they happened. */
export async function transactionsById(
  ctx: LedgerReader,
  ids: readonly string[],
): Promise<TransactionName[]> {
  if (ids.length === 0) return [];
  const rows = await ctx.select(
    `SELECT id, owner, ordinal, postings, user_data, reverts, reverted_by
     FROM ledger_transaction_name
     WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:ids)) ORDER BY ordinal`,
    { ids: JSON.stringify(ids) },
  );
  return rows.map(transactionName);
}

/** A transaction with its postings as the books have them, and the names of its accounts. */
export interface NamedTransaction {
  readonly name: TransactionName;
  readonly entries: readonly TransferEntry[];
  readonly accounts: ReadonlyMap<string, AccountName>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Gives transactions what the books and the store have of them. */
export async function withPostings(
  ctx: LedgerReader,
  names: readonly TransactionName[],
): Promise<NamedTransaction[]> {
  const { tenant } = ctx.call;
  const found = await booksOf(ctx).ask((queries) =>
    names.map(({ id, postings }) => entriesOf(queries, tenant, id, postings)),
  );
  const accounts = await accountsByKey(
    ctx,
    found.flat().flatMap(({ debitKey, creditKey }) => [debitKey, creditKey]),
  );
  const metadata = await metadataOf(
    ctx,
    'transaction',
    names.map(({ id }) => id),
  );
  return names.map((name, index) => ({
    name,
    entries: found[index] ?? [],
    accounts,
    metadata: metadata.get(name.id) ?? {},
  }));
}

/** The accounts that a transaction is between. */
const accountsIn = ({ entries, accounts }: NamedTransaction): AccountName[] =>
  [...new Set(entries.flatMap(({ debitKey, creditKey }) => [debitKey, creditKey]))].flatMap(
    (key) => accounts.get(keyText(key)) ?? [],
  );

/** Its postings with the names of their accounts, in their order. */
export const postingsIn = ({ entries, accounts }: NamedTransaction): Posting[] =>
  postingsFrom(entries, accounts);

/**
 * A transaction of which the subject may read an account.
 * @throws QINDEX_NOT_FOUND, the same for one that does not exist and for one of others
 */
export async function readableTransaction(
  ctx: LedgerReader & Pick<ReadContext, 'allows'>,
  transactionId: string,
): Promise<NamedTransaction> {
  const [found] = await withPostings(ctx, await transactionsById(ctx, [transactionId]));
  if (found !== undefined)
    for (const account of accountsIn(found)) if (await isReader(ctx, account)) return found;
  return fail('QINDEX_NOT_FOUND', `There is no transaction ${transactionId} for you here.`, {
    id: transactionId,
  });
}

/** A transaction as the contract shows it. */
export function transactionView(of: NamedTransaction): OutputOf<typeof ledger.transaction> {
  const { name, entries, metadata } = of;
  const [first] = entries;
  if (first === undefined) throw new Error(`transaction ${name.id} has no posting`);
  return {
    id: name.id,
    owner: name.owner,
    postings: postingsIn(of).map(writePosting),
    code: first.code,
    ...(name.userData === undefined ? {} : { userData: name.userData }),
    metadata,
    ...(name.reverts === undefined ? {} : { reverts: name.reverts }),
    ...(name.revertedBy === undefined ? {} : { revertedBy: name.revertedBy }),
    createdAt: instantText(first.timestamp),
  };
}
