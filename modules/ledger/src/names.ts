import type { ReadContext } from '@anarq/kernel';
import type { Row, SqlValue } from '@anarq/store';
import { keyText, nameOfKey } from './books/keys.ts';

/** What reads of the ledger need of a context; queries and commands both have it. */
export type LedgerReader = Pick<ReadContext, 'select' | 'call' | 'ownLog'>;

/** What the store keeps of an account. */
export interface AccountName {
  readonly id: string;
  readonly key: string;
  readonly owner: string;
  /** Whose money it is, where the owner keeps it for them. */
  readonly holder: string | undefined;
  readonly userData: string | undefined;
}

/** What the store keeps of a transfer. */
export interface TransferName {
  readonly id: string;
  readonly userData: string | undefined;
}

const textOrNone = (value: SqlValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const accountName = (row: Row): AccountName => ({
  id: row['id'] as string,
  key: row['book_key'] as string,
  owner: row['owner'] as string,
  holder: textOrNone(row['holder']),
  userData: textOrNone(row['user_data']),
});

const ACCOUNT = 'SELECT id, book_key, owner, holder, user_data FROM ledger_account_name';

/** Accounts by their ids. */
export async function accountsById(
  ctx: LedgerReader,
  ids: readonly string[],
): Promise<Map<string, AccountName>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.select(
    `${ACCOUNT} WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(ids) },
  );
  return new Map(rows.map((row) => [row['id'] as string, accountName(row)]));
}

/** Accounts by their keys in the books. */
export async function accountsByKey(
  ctx: LedgerReader,
  keys: Iterable<bigint>,
): Promise<Map<string, AccountName>> {
  const texts = [...new Set(keys)].map(keyText);
  if (texts.length === 0) return new Map();
  const rows = await ctx.select(
    `${ACCOUNT} WHERE tenant = :tenant AND book_key IN (SELECT value FROM json_each(:keys))`,
    { keys: JSON.stringify(texts) },
  );
  return new Map(rows.map((row) => [row['book_key'] as string, accountName(row)]));
}

/** Transfers by their keys in the books; one that came over the socket has its key for a name. */
export async function transfersByKey(
  ctx: LedgerReader,
  keys: Iterable<bigint>,
): Promise<Map<string, TransferName>> {
  const asked = [...new Set(keys)];
  const texts = asked.map(keyText);
  if (texts.length === 0) return new Map();
  const rows = await ctx.select(
    `SELECT id, book_key, user_data FROM ledger_transfer_name
     WHERE tenant = :tenant AND book_key IN (SELECT value FROM json_each(:keys))`,
    { keys: JSON.stringify(texts) },
  );
  const named = new Map<string, TransferName>();
  for (const key of asked) {
    const id = nameOfKey(ctx.call.tenant, key);
    if (id !== undefined) named.set(keyText(key), { id, userData: undefined });
  }
  for (const row of rows)
    named.set(row['book_key'] as string, {
      id: row['id'] as string,
      userData: textOrNone(row['user_data']),
    });
  return named;
}

/** A page of the accounts that are the subject's, or kept for it, in order of id. */
export async function listAccountNames(
  ctx: LedgerReader,
  page: { readonly unit: string | undefined; readonly after: string; readonly limit: number },
): Promise<AccountName[]> {
  const rows = await ctx.select(
    `${ACCOUNT} WHERE tenant = :tenant AND (owner = :subject OR holder = :subject)
       AND (:unit = '' OR unit = :unit) AND id > :after ORDER BY id LIMIT :limit`,
    {
      subject: ctx.call.subject,
      unit: page.unit ?? '',
      after: page.after,
      limit: page.limit,
    },
  );
  return rows.map(accountName);
}
