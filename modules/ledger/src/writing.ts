import type { WriteContext } from '@anarq/kernel';
import { ACCOUNT_FLAGS, type AccountState, type BalanceChange } from './account.ts';
import type { CreatedTransfer, TransferPlan } from './batch.ts';
import { AMOUNT_MAX_MINOR, accounts } from './store.ts';
import type { TransferResult, TransferState } from './transfer.ts';

/** What writes of the ledger need of a command's context. */
export type LedgerWriter = Pick<WriteContext, 'write' | 'rows' | 'now_ms' | 'call'>;

/** Opens accounts: rows with all balances at zero. */
export function insertAccounts(ctx: LedgerWriter, opened: readonly AccountState[]): void {
  for (const account of opened)
    ctx.rows(accounts).insert({
      id: account.id,
      owner: account.owner,
      holder: account.holder ?? null,
      unit: account.unit,
      code: account.code,
      flags: account.flags,
      user_data: account.userData ?? null,
      debits_pending_minor: 0n,
      debits_posted_minor: 0n,
      credits_pending_minor: 0n,
      credits_posted_minor: 0n,
    });
}

/**
 * Frees the money of every pending transfer of the tenant whose time has run out. Each is expired
 * once, whoever comes first; two statements, however many there are.
 */
export function expireDue(ctx: LedgerWriter): void {
  const dueOf = (side: 'debit' | 'credit') => `(SELECT COALESCE(SUM(t.amount_minor), 0)
    FROM ledger_transfer t WHERE t.tenant = :tenant AND t.${side}_account = ledger_account.id
      AND t.phase = 'pending' AND t.expires_ms <= :now_ms)`;
  const touched = (side: 'debit' | 'credit') => `SELECT ${side}_account FROM ledger_transfer
    WHERE tenant = :tenant AND phase = 'pending' AND expires_ms <= :now_ms`;
  ctx.write({
    name: 'free expired holds',
    sql: `UPDATE ledger_account SET updated_ms = :now_ms,
            debits_pending_minor = debits_pending_minor - ${dueOf('debit')},
            credits_pending_minor = credits_pending_minor - ${dueOf('credit')}
          WHERE tenant = :tenant AND id IN (${touched('debit')} UNION ${touched('credit')})`,
    params: { now_ms: ctx.now_ms },
  });
  ctx.write({
    name: 'expire transfers',
    sql: `UPDATE ledger_transfer SET phase = 'expired', updated_ms = :now_ms, version = version + 1
          WHERE tenant = :tenant AND phase = 'pending' AND expires_ms <= :now_ms`,
    params: { now_ms: ctx.now_ms },
  });
}

/** Adds what a plan made to the unit of work, in the order in which it was decided. */
export function writePlan(
  ctx: LedgerWriter,
  plan: TransferPlan,
  known: ReadonlyMap<string, AccountState>,
): void {
  for (const made of plan.created) writeTransfer(ctx, made, known);
  for (const { id, result } of plan.failed) writeFailed(ctx, id, result);
}

function writeTransfer(
  ctx: LedgerWriter,
  { transfer, changes, resolves }: CreatedTransfer,
  known: ReadonlyMap<string, AccountState>,
): void {
  if (resolves !== undefined)
    ctx.write({
      name: `pending transfer ${resolves.id}`,
      sql: `UPDATE ledger_transfer SET phase = :phase, updated_ms = :now_ms, version = version + 1
            WHERE tenant = :tenant AND id = :id AND phase = 'pending'`,
      params: { ...resolves, now_ms: ctx.now_ms },
      expect: { changes: 1 },
    });
  for (const change of changes) writeBalance(ctx, change);
  insertTransfer(ctx, transfer, known.get(transfer.debitAccountId)?.owner ?? ctx.call.subject);
  for (const { accountId } of changes)
    if (((known.get(accountId)?.flags ?? 0) & ACCOUNT_FLAGS.history) !== 0)
      insertBalance(ctx, accountId, transfer.id);
}

/**
 * A conditional increment: it happens only where the account, as it stands when the commit happens,
 * still allows it. Nobody waits for a version of a hot account; a failed condition runs the handler
 * again with fresh reads. What ends a pending transfer never adds to a side, so no limit applies.
 */
const CHANGE_BALANCE = `UPDATE ledger_account SET updated_ms = :now_ms,
    debits_pending_minor = debits_pending_minor + :dp, debits_posted_minor = debits_posted_minor + :dt,
    credits_pending_minor = credits_pending_minor + :cp, credits_posted_minor = credits_posted_minor + :ct
  WHERE tenant = :tenant AND id = :id
    AND debits_pending_minor >= -:dp AND credits_pending_minor >= -:cp
    AND (:dp + :dt <= 0 OR (:dp + :dt <= :max - debits_pending_minor - debits_posted_minor
      AND ((flags & 2) = 0 OR :dp + :dt <= credits_posted_minor - debits_pending_minor - debits_posted_minor)))
    AND (:cp + :ct <= 0 OR (:cp + :ct <= :max - credits_pending_minor - credits_posted_minor
      AND ((flags & 4) = 0 OR :cp + :ct <= debits_posted_minor - credits_pending_minor - credits_posted_minor)))`;

function writeBalance(ctx: LedgerWriter, change: BalanceChange): void {
  ctx.write({
    name: `balance of ${change.accountId}`,
    sql: CHANGE_BALANCE,
    params: {
      id: change.accountId,
      now_ms: ctx.now_ms,
      max: AMOUNT_MAX_MINOR,
      dp: change.debitsPendingMinor,
      dt: change.debitsPostedMinor,
      cp: change.creditsPendingMinor,
      ct: change.creditsPostedMinor,
    },
    expect: { changes: 1 },
  });
}

function insertTransfer(ctx: LedgerWriter, transfer: TransferState, owner: string): void {
  ctx.write({
    name: `transfer ${transfer.id}`,
    sql: `INSERT INTO ledger_transfer (tenant, id, owner, version, created_ms, updated_ms, seq, debit_account,
            credit_account, amount_minor, pending_id, timeout_s, unit, code, flags, user_data, phase, expires_ms)
          SELECT :tenant, :id, :owner, 1, :now_ms, :now_ms,
            COALESCE((SELECT MAX(seq) FROM ledger_transfer WHERE tenant = :tenant), 0) + 1, :debit,
            :credit, :amount_minor, :pendingId, :timeout_s, :unit, :code, :flags, :userData, :phase, :expires_ms
          WHERE NOT EXISTS (SELECT 1 FROM ledger_failed WHERE tenant = :tenant AND id = :id)`,
    params: {
      id: transfer.id,
      owner,
      now_ms: ctx.now_ms,
      debit: transfer.debitAccountId,
      credit: transfer.creditAccountId,
      amount_minor: transfer.amountMinor,
      pendingId: transfer.pendingId ?? null,
      timeout_s: transfer.timeout_s,
      unit: transfer.unit,
      code: transfer.code,
      flags: transfer.flags,
      userData: transfer.userData ?? null,
      phase: transfer.phase,
      expires_ms: transfer.expires_ms ?? null,
    },
    expect: { changes: 1 },
  });
}

function insertBalance(ctx: LedgerWriter, accountId: string, transferId: string): void {
  ctx.write({
    name: `history of ${accountId}`,
    sql: `INSERT INTO ledger_balance (tenant, id, owner, version, created_ms, updated_ms, account, seq, transfer,
            debits_pending_minor, debits_posted_minor, credits_pending_minor, credits_posted_minor)
          SELECT a.tenant, a.id || '|' || t.seq, a.owner, 1, :now_ms, :now_ms, a.id, t.seq, t.id,
            a.debits_pending_minor, a.debits_posted_minor, a.credits_pending_minor, a.credits_posted_minor
          FROM ledger_account a JOIN ledger_transfer t ON t.tenant = a.tenant AND t.id = :transfer
          WHERE a.tenant = :tenant AND a.id = :account`,
    params: { account: accountId, transfer: transferId, now_ms: ctx.now_ms },
    expect: { changes: 1 },
  });
}

function writeFailed(ctx: LedgerWriter, id: string, result: TransferResult): void {
  ctx.write({
    name: `refused transfer ${id}`,
    sql: `INSERT INTO ledger_failed (tenant, id, owner, version, created_ms, updated_ms, result)
          SELECT :tenant, :id, :owner, 1, :now_ms, :now_ms, :result
          WHERE NOT EXISTS (SELECT 1 FROM ledger_transfer WHERE tenant = :tenant AND id = :id)`,
    params: { id, owner: ctx.call.subject, now_ms: ctx.now_ms, result },
    expect: { changes: 1 },
  });
}
