import { createTable, int, nullable, table, text } from '@anarq/kernel';

/**
 * What the books do not keep of a transaction: that its postings belong together, whose it is, and the
 * caller's reference. `ordinal` is the number of its first posting in the books, `page` that of its
 * batch in their log.
 */
export const transactionNames = table(
  'ledger_transaction_name',
  { resource: 'transaction' },
  {
    ordinal: int(),
    postings: int(),
    user_data: nullable(text()),
    page: int(),
    /** The transaction that this one reverts, and the one that reverts this. */
    reverts: nullable(text()),
    reverted_by: nullable(text()),
  },
);

/** Which transactions are of an account, in their order. */
const BY_ACCOUNT = `CREATE TABLE ledger_transaction_account (
  tenant TEXT NOT NULL, account TEXT NOT NULL, ordinal INTEGER NOT NULL, transaction_id TEXT NOT NULL,
  PRIMARY KEY (tenant, account, ordinal)
) STRICT, WITHOUT ROWID;`;

/** Metadata by what they are of: 'transaction' or 'account', and its id. */
const METADATA = `CREATE TABLE ledger_metadata (
  tenant TEXT NOT NULL, noun TEXT NOT NULL, id TEXT NOT NULL, meta_key TEXT NOT NULL,
  meta_value TEXT NOT NULL, PRIMARY KEY (tenant, noun, id, meta_key)
) STRICT, WITHOUT ROWID;`;

export const TRANSACTION_TABLES = [
  createTable(transactionNames),
  BY_ACCOUNT,
  METADATA,
  `CREATE INDEX ledger_metadata_value ON ledger_metadata (tenant, noun, meta_key, meta_value, id);`,
].join('\n');
