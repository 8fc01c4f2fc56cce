import type { ReadContext } from '@anarq/kernel';
import type { Row } from '@anarq/store';
import type { AccountState } from './account.ts';
import type { WorkingSet } from './batch.ts';
import { toAccount, toTransfer } from './store.ts';
import type { TransferRequest, TransferState } from './transfer.ts';

/** What reads of the ledger need of a context; queries and commands both have it. */
export type LedgerReader = Pick<ReadContext, 'select' | 'now_ms' | 'call'>;

/** What pending transfers of an account, on one side of it, have run out by :now_ms. */
const due = (
  side: 'debit' | 'credit',
) => `COALESCE((SELECT SUM(t.amount_minor) FROM ledger_transfer t
  WHERE t.tenant = a.tenant AND t.${side}_account = a.id AND t.phase = 'pending' AND t.expires_ms <= :now_ms), 0)`;

/** Columns of an account with its balances as they stand at :now_ms: expired holds are free. */
const BALANCES_NOW = `a.id, a.owner, a.holder, a.unit, a.code, a.flags, a.user_data, a.created_ms,
  a.debits_pending_minor - ${due('debit')} AS debits_pending_minor, a.debits_posted_minor,
  a.credits_pending_minor - ${due('credit')} AS credits_pending_minor, a.credits_posted_minor`;

/**
 * Accounts by id, with their balances as they stand now. Not guarded by version: balances are hot,
 * and what depends on them is guarded where they are changed.
 */
export async function readAccounts(
  ctx: LedgerReader,
  ids: readonly string[],
): Promise<Map<string, AccountState>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.select(
    `SELECT ${BALANCES_NOW} FROM ledger_account a
     WHERE a.tenant = :tenant AND a.id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(ids), now_ms: ctx.now_ms },
  );
  return new Map(rows.map((row) => [row['id'] as string, toAccount(row)]));
}

/** A page of the accounts that are the subject's, or kept for it, in order of id. */
export async function listAccounts(
  ctx: LedgerReader,
  page: { readonly unit: string | undefined; readonly after: string; readonly limit: number },
): Promise<AccountState[]> {
  const rows = await ctx.select(
    `SELECT ${BALANCES_NOW} FROM ledger_account a
     WHERE a.tenant = :tenant AND (a.owner = :subject OR a.holder = :subject)
       AND (:unit = '' OR a.unit = :unit) AND a.id > :after ORDER BY a.id LIMIT :limit`,
    {
      subject: ctx.call.subject,
      unit: page.unit ?? '',
      after: page.after,
      limit: page.limit,
      now_ms: ctx.now_ms,
    },
  );
  return rows.map(toAccount);
}

export async function readTransfers(
  ctx: LedgerReader,
  ids: readonly string[],
): Promise<Map<string, TransferState>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.select(
    `SELECT * FROM ledger_transfer
     WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(ids) },
  );
  return new Map(rows.map((row) => [row['id'] as string, toTransfer(row, ctx.now_ms)]));
}

/** A page of an account's transfers, in order of commit or backwards; each row with its `seq`. */
export async function listTransfers(
  ctx: LedgerReader,
  page: {
    readonly accountId: string;
    readonly side: 'debits' | 'credits' | 'both';
    readonly newestFirst: boolean;
    readonly after: number | undefined;
    readonly limit: number;
  },
): Promise<readonly Row[]> {
  const order = page.newestFirst ? 'DESC' : 'ASC';
  const beyond = page.newestFirst ? '<' : '>';
  const sides = (['debit', 'credit'] as const).filter(
    (side) => page.side === 'both' || page.side === `${side}s`,
  );
  // Each side is read from its own index and cut to the page before the two are merged.
  const parts = sides.map(
    (side) => `SELECT * FROM (SELECT * FROM ledger_transfer
       WHERE tenant = :tenant AND ${side}_account = :account AND seq ${beyond} :after
       ORDER BY seq ${order} LIMIT :limit) AS ${side}s`,
  );
  return ctx.select(`${parts.join(' UNION ALL ')} ORDER BY seq ${order} LIMIT :limit`, {
    account: page.accountId,
    after: page.after ?? (page.newestFirst ? Number.MAX_SAFE_INTEGER : 0),
    limit: page.limit,
  });
}

/** Everything that deciding these transfers can depend on. */
export async function loadWorkingSet(
  ctx: LedgerReader,
  requests: readonly TransferRequest[],
): Promise<WorkingSet> {
  const named = requests.flatMap(({ id, pendingId }) =>
    pendingId === undefined ? [id] : [id, pendingId],
  );
  const first = await readTransfers(ctx, [...new Set(named)]);
  // An existing post or void is compared with the pending transfer that it resolved.
  const further = [...first.values()].flatMap(({ pendingId }) =>
    pendingId === undefined || first.has(pendingId) ? [] : [pendingId],
  );
  const transfers = new Map([...first, ...(await readTransfers(ctx, [...new Set(further)]))]);
  const accountIds = [...requests, ...transfers.values()].flatMap(
    ({ debitAccountId, creditAccountId }) =>
      [debitAccountId, creditAccountId].filter((id) => id !== undefined),
  );
  const failed = await ctx.select(
    `SELECT id FROM ledger_failed
     WHERE tenant = :tenant AND id IN (SELECT value FROM json_each(:ids))`,
    { ids: JSON.stringify(requests.map(({ id }) => id)) },
  );
  return {
    accounts: await readAccounts(ctx, [...new Set(accountIds)]),
    transfers,
    failedIds: new Set(failed.map((row) => row['id'] as string)),
  };
}

/** Has any pending transfer of the tenant run out that still holds money? */
export async function hasDueTransfers(ctx: LedgerReader): Promise<boolean> {
  const rows = await ctx.select(
    `SELECT 1 AS due FROM ledger_transfer
     WHERE tenant = :tenant AND phase = 'pending' AND expires_ms <= :now_ms LIMIT 1`,
    { now_ms: ctx.now_ms },
  );
  return rows.length > 0;
}

/** A page of what is kept of an account with history. */
export function listBalances(
  ctx: LedgerReader,
  page: {
    readonly accountId: string;
    readonly newestFirst: boolean;
    readonly after: number | undefined;
    readonly limit: number;
  },
): Promise<readonly Row[]> {
  return ctx.select(
    `SELECT * FROM ledger_balance WHERE tenant = :tenant AND account = :account
       AND seq ${page.newestFirst ? '<' : '>'} :after
     ORDER BY seq ${page.newestFirst ? 'DESC' : 'ASC'} LIMIT :limit`,
    {
      account: page.accountId,
      after: page.after ?? (page.newestFirst ? Number.MAX_SAFE_INTEGER : 0),
      limit: page.limit,
    },
  );
}
