import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import { booksOf } from './books/books.ts';
import { accountEntry, type AccountEntry } from './books/records.ts';
import { ACCOUNT_STATES } from './flags.ts';
import { accountsById, type AccountName, type LedgerReader } from './names.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows'>;

/** An account: its name in the store, and how it stands in the books. */
export interface NamedAccount {
  readonly name: AccountName;
  readonly entry: AccountEntry;
}

/** How accounts stand now; those without an entry in the books are left out. */
export function standingOf(
  ctx: LedgerReader,
  names: readonly AccountName[],
): Promise<NamedAccount[]> {
  return booksOf(ctx).ask((queries) =>
    names.flatMap((name) => {
      const record = queries.account(BigInt(`0x${name.key}`));
      return record === undefined ? [] : [{ name, entry: accountEntry(record) }];
    }),
  );
}

/**
 * How an account stood at an instant: its balances, and whether it was closed.
 * @throws QINDEX_NOT_FOUND before it was opened
 */
export async function standingAt(
  ctx: LedgerReader,
  { name, entry }: NamedAccount,
  timestamp: bigint,
): Promise<NamedAccount> {
  const { key } = entry;
  const then = await booksOf(ctx).ask((queries) => {
    const balances = queries.balancesAt(key, timestamp);
    if (balances === undefined) return undefined;
    const closed = queries.wasClosedAt(key, timestamp) ? ACCOUNT_STATES.closed : 0;
    return { ...balances, flags: (entry.flags & ~ACCOUNT_STATES.closed) | closed };
  });
  if (then === undefined)
    return fail('QINDEX_NOT_FOUND', `There was no account ${name.id} then.`, { id: name.id });
  return { name, entry: { ...entry, ...then } };
}

export const isReader = async (ctx: Asker, { id, owner, holder }: AccountName): Promise<boolean> =>
  owner === ctx.call.subject ||
  holder === ctx.call.subject ||
  (await ctx.allows('/ledger/read', `ledger/account/${id}`));

/**
 * An account that the subject may read: its own, one kept for it, or one that a grant opens.
 * @throws QINDEX_NOT_FOUND, the same for an account that does not exist and for one of somebody else
 */
export async function readableAccount(ctx: Asker, accountId: string): Promise<NamedAccount> {
  const name = (await accountsById(ctx, [accountId])).get(accountId);
  if (name !== undefined && (await isReader(ctx, name))) {
    const [account] = await standingOf(ctx, [name]);
    if (account !== undefined) return account;
  }
  return fail('QINDEX_NOT_FOUND', `There is no account ${accountId} for you here.`, {
    id: accountId,
  });
}
