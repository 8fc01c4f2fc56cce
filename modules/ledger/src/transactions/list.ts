import type { LedgerReader } from '../names.ts';

/** Which transactions are asked for. */
export interface TransactionFilter {
  /** Without one, those of all accounts that are the subject's or kept for it. */
  readonly accountId: string | undefined;
  readonly metadataKey: string | undefined;
  readonly metadataValue: string | undefined;
  readonly newestFirst: boolean;
  /** The place after which the page begins. */
  readonly after: number | undefined;
  /** Nothing from here on is told yet. */
  readonly before: number;
  readonly limit: number;
}

const OF_ACCOUNT = 'a.account = :account';
const OF_SUBJECT = `a.account IN (SELECT id FROM ledger_account_name
  WHERE tenant = :tenant AND (owner = :subject OR holder = :subject))`;
const WITH_KEY = `EXISTS (SELECT 1 FROM ledger_metadata AS m
  WHERE m.tenant = :tenant AND m.noun = 'transaction' AND m.id = a.transaction_id
    AND m.meta_key = :key`;

/** Ids of the transactions that a filter means, in the order in which they happened. */
export async function listTransactions(
  ctx: LedgerReader,
  filter: TransactionFilter,
): Promise<string[]> {
  const { accountId, metadataKey, metadataValue, newestFirst, after, before, limit } = filter;
  const conditions = [
    'a.tenant = :tenant',
    accountId === undefined ? OF_SUBJECT : OF_ACCOUNT,
    'a.ordinal < :before',
    ...(after === undefined ? [] : [newestFirst ? 'a.ordinal < :after' : 'a.ordinal > :after']),
    ...(metadataKey === undefined
      ? []
      : [`${WITH_KEY}${metadataValue === undefined ? '' : ' AND m.meta_value = :value'})`]),
  ];
  const rows = await ctx.select(
    `SELECT DISTINCT a.ordinal AS ordinal, a.transaction_id AS transaction_id
     FROM ledger_transaction_account AS a WHERE ${conditions.join(' AND ')}
     ORDER BY a.ordinal ${newestFirst ? 'DESC' : 'ASC'} LIMIT :limit`,
    {
      before,
      limit,
      ...(accountId === undefined ? { subject: ctx.call.subject } : { account: accountId }),
      ...(after === undefined ? {} : { after }),
      ...(metadataKey === undefined ? {} : { key: metadataKey }),
      ...(metadataKey === undefined || metadataValue === undefined ? {} : { value: metadataValue }),
    },
  );
  return rows.map((row) => row['transaction_id'] as string);
}
