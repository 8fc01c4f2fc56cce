import { createTable, int, nullable, table, text } from '@anarq/kernel';
import type { Migration } from '@anarq/store';
import { TABLES_OF_1, TABLES_OF_1_POSTGRES } from './storeOf1.ts';
import { LAST_PAGE_TABLE } from './served/lastPage.ts';
import { TRANSACTION_TABLES } from './transactions/store.ts';

/**
 * What the engine does not keep of an account: its name, whose it is, and the caller's reference. Its
 * balances are in the books. `book_key` is its id there, in hexadecimal.
 */
export const accountNames = table(
  'ledger_account_name',
  { resource: 'account' },
  {
    book_key: text(),
    holder: nullable(text()),
    unit: text(),
    user_data: nullable(text()),
    /** Page of the books' log in which it was opened. */
    page: int(),
  },
);

/** Likewise of a transfer; and of one that was refused for good, whose id is used up. */
export const transferNames = table(
  'ledger_transfer_name',
  {},
  { book_key: text(), user_data: nullable(text()), page: int() },
);

/** The chart of accounts of a tenant, in one row: its entries as JSON, which are valid together. */
export const charts = table('ledger_chart', {}, { entries: text() });

/** Which books belong to this store: whoever opens it with others has lost what it was answered from. */
const BOOKS = `CREATE TABLE ledger_books (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;`;

const NAMES = [
  BOOKS,
  createTable(accountNames),
  createTable(transferNames),
  'CREATE UNIQUE INDEX ledger_account_key ON ledger_account_name (tenant, book_key);',
  'CREATE INDEX ledger_account_of ON ledger_account_name (tenant, owner, id);',
  'CREATE INDEX ledger_account_held ON ledger_account_name (tenant, holder, id) WHERE holder IS NOT NULL;',
  'CREATE UNIQUE INDEX ledger_transfer_key ON ledger_transfer_name (tenant, book_key);',
].join('\n');

/** A start asks for the last batch of which the store knows. */
const PAGES = [
  'CREATE INDEX ledger_account_page ON ledger_account_name (page);',
  'CREATE INDEX ledger_transfer_page ON ledger_transfer_name (page);',
].join('\n');

export const migrations: readonly Migration[] = [
  { id: 1, sql: TABLES_OF_1, postgres: TABLES_OF_1_POSTGRES },
  // What stood in the tables of 1 is taken over into the books when they are opened.
  { id: 2, sql: NAMES, postgres: NAMES },
  { id: 3, sql: TRANSACTION_TABLES },
  { id: 4, sql: createTable(charts), postgres: createTable(charts) },
  { id: 5, sql: PAGES },
  { id: 6, sql: LAST_PAGE_TABLE },
];
