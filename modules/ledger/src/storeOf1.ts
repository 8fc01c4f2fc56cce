import { createTable, int, minor, nullable, table, text } from '@anarq/kernel';

/*
 * The tables in which version 0.1 kept accounts and transfers, as its first migration made them: a store
 * of that time has them, and books/takeOver.ts reads them. Nothing writes to them any more. A migration
 * that was done never changes, to the last byte.
 */

const accounts = table(
  'ledger_account',
  { resource: 'account' },
  {
    holder: nullable(text()),
    unit: text(),
    code: int(),
    flags: int(),
    user_data: nullable(text()),
    debits_pending_minor: minor(),
    debits_posted_minor: minor(),
    credits_pending_minor: minor(),
    credits_posted_minor: minor(),
  },
);

/** `seq` is the order of commits within the tenant; `expires_ms` only where a pending one has it. */
const transfers = table(
  'ledger_transfer',
  {},
  {
    seq: int(),
    debit_account: text(),
    credit_account: text(),
    amount_minor: minor(),
    pending_id: nullable(text()),
    timeout_s: int(),
    unit: text(),
    code: int(),
    flags: int(),
    user_data: nullable(text()),
    phase: text(),
    expires_ms: nullable(int()),
  },
);

/** Ids that were refused for a transient reason; they stay refused. */
const failedTransfers = table('ledger_failed', {}, { result: text() });

/** Balances of accounts with history, as each transfer left them; the id is 'account|seq'. */
const balances = table(
  'ledger_balance',
  {},
  {
    account: text(),
    seq: int(),
    transfer: text(),
    debits_pending_minor: minor(),
    debits_posted_minor: minor(),
    credits_pending_minor: minor(),
    credits_posted_minor: minor(),
  },
);

/** The table itself refuses what no rule may ever let through: a second lock on the same door. */
const GUARD = `
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account
WHEN NEW.debits_pending_minor < 0 OR NEW.credits_pending_minor < 0
  OR NEW.debits_posted_minor < OLD.debits_posted_minor
  OR NEW.credits_posted_minor < OLD.credits_posted_minor
  OR ((NEW.flags & 2) <> 0 AND NEW.debits_pending_minor + NEW.debits_posted_minor > NEW.credits_posted_minor)
  OR ((NEW.flags & 4) <> 0 AND NEW.credits_pending_minor + NEW.credits_posted_minor > NEW.debits_posted_minor)
BEGIN SELECT RAISE(ABORT, 'a balance of the ledger would break its limits'); END;`;

/** The same lock in PostgreSQL's words. */
const GUARD_POSTGRES = `
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.debits_pending_minor < 0 OR NEW.credits_pending_minor < 0
    OR NEW.debits_posted_minor < OLD.debits_posted_minor
    OR NEW.credits_posted_minor < OLD.credits_posted_minor
    OR ((NEW.flags & 2) <> 0 AND NEW.debits_pending_minor + NEW.debits_posted_minor > NEW.credits_posted_minor)
    OR ((NEW.flags & 4) <> 0 AND NEW.credits_pending_minor + NEW.credits_posted_minor > NEW.debits_posted_minor)
  THEN RAISE EXCEPTION 'a balance of the ledger would break its limits'; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account
FOR EACH ROW EXECUTE FUNCTION ledger_account_guard();`;

const TABLES = [
  createTable(accounts),
  createTable(transfers),
  createTable(failedTransfers),
  createTable(balances),
  'CREATE INDEX ledger_account_owner ON ledger_account (tenant, owner, id);',
  'CREATE INDEX ledger_account_holder ON ledger_account (tenant, holder, id) WHERE holder IS NOT NULL;',
  'CREATE UNIQUE INDEX ledger_transfer_seq ON ledger_transfer (tenant, seq);',
  'CREATE INDEX ledger_transfer_debit ON ledger_transfer (tenant, debit_account, seq);',
  'CREATE INDEX ledger_transfer_credit ON ledger_transfer (tenant, credit_account, seq);',
  `CREATE INDEX ledger_transfer_due ON ledger_transfer (tenant, expires_ms)
         WHERE phase = 'pending' AND expires_ms IS NOT NULL;`,
  `CREATE INDEX ledger_transfer_due_debit ON ledger_transfer (tenant, debit_account, expires_ms)
         WHERE phase = 'pending' AND expires_ms IS NOT NULL;`,
  `CREATE INDEX ledger_transfer_due_credit ON ledger_transfer (tenant, credit_account, expires_ms)
         WHERE phase = 'pending' AND expires_ms IS NOT NULL;`,
  'CREATE INDEX ledger_balance_account ON ledger_balance (tenant, account, seq);',
];

export const TABLES_OF_1 = [...TABLES, GUARD].join('\n');
export const TABLES_OF_1_POSTGRES = [...TABLES, GUARD_POSTGRES].join('\n');
