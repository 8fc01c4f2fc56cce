import { createTable, int, minor, nullable, table, text } from '@anarq/kernel';
import type { Migration, Row } from '@anarq/store';
import type { AccountState } from './account.ts';
import type { Phase, TransferState } from './transfer.ts';

/** Largest amount, and largest sum on one side of an account, in minor units: a column's int64. */
export const AMOUNT_MAX_MINOR = 2n ** 63n - 1n;

export const accounts = table(
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

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [...TABLES, GUARD].join('\n'),
    postgres: [...TABLES, GUARD_POSTGRES].join('\n'),
  },
];

const textOrNone = (value: Row[string] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** A row of ledger_account, as `select` gives it, in the words of the rules. */
export const toAccount = (row: Row): AccountState => ({
  id: row['id'] as string,
  owner: row['owner'] as string,
  holder: textOrNone(row['holder']),
  unit: row['unit'] as string,
  code: row['code'] as number,
  flags: row['flags'] as number,
  userData: textOrNone(row['user_data']),
  debitsPendingMinor: row['debits_pending_minor'] as bigint,
  debitsPostedMinor: row['debits_posted_minor'] as bigint,
  creditsPendingMinor: row['credits_pending_minor'] as bigint,
  creditsPostedMinor: row['credits_posted_minor'] as bigint,
  created_ms: row['created_ms'] as number,
});

/** A row of ledger_transfer in the words of the rules: one that timed out reads as expired. */
export const toTransfer = (row: Row, now_ms: number): TransferState => {
  const expires_ms = row['expires_ms'] as number | null;
  const isDue = row['phase'] === 'pending' && expires_ms !== null && expires_ms <= now_ms;
  return {
    id: row['id'] as string,
    debitAccountId: row['debit_account'] as string,
    creditAccountId: row['credit_account'] as string,
    amountMinor: row['amount_minor'] as bigint,
    pendingId: textOrNone(row['pending_id']),
    timeout_s: row['timeout_s'] as number,
    unit: row['unit'] as string,
    code: row['code'] as number,
    flags: row['flags'] as number,
    userData: textOrNone(row['user_data']),
    phase: isDue ? 'expired' : (row['phase'] as Phase),
    expires_ms: expires_ms ?? undefined,
    created_ms: row['created_ms'] as number,
  };
};
