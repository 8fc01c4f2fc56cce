import {
  creditsExceedDebits,
  debitsExceedCredits,
  type AccountState,
  type BalanceChange,
} from './account.ts';
import { compareWithExisting } from './existing.ts';
import {
  TRANSFER_FLAGS as FLAG,
  type Phase,
  type TransferRefusal,
  type TransferRequest,
  type TransferState,
} from './transfer.ts';

/** What the rules may look at: the state as it stands at `now_ms`, expired transfers as expired. */
export interface LedgerView {
  account(id: string): AccountState | undefined;
  transfer(id: string): TransferState | undefined;
  /** Was a transfer of this id refused for a transient reason before? */
  hasFailed(id: string): boolean;
}

/** What holds for every decision of one call. */
export interface RuleFacts {
  readonly now_ms: number;
  /** Largest amount, and largest sum on one side of an account, in minor units. */
  readonly amountMaxMinor: bigint;
}

export type TransferDecision =
  | { readonly result: TransferRefusal }
  | {
      readonly result: 'created';
      readonly transfer: TransferState;
      readonly changes: readonly [debit: BalanceChange, credit: BalanceChange];
      /** The pending transfer that this one ends. */
      readonly resolves?: { readonly id: string; readonly phase: Phase };
    };

const refuse = (result: TransferRefusal): TransferDecision => ({ result });

/**
 * Decides one transfer: pure, first matching rule wins.
 * Method: the precedence of TigerBeetle's create_transfers (reference/requests/create_transfers),
 * without balancing, closing and imported transfers. A unit stands for its ledger.
 */
export function decideTransfer(
  request: TransferRequest,
  view: LedgerView,
  facts: RuleFacts,
): TransferDecision {
  const existing = view.transfer(request.id);
  if (existing !== undefined)
    return refuse(compareWithExisting(request, existing, view.transfer(existing.pendingId ?? '')));
  if (view.hasFailed(request.id)) return refuse('id_already_failed');
  return (request.flags & (FLAG.post_pending | FLAG.void_pending)) !== 0
    ? resolvePending(request, view, facts)
    : createTransfer(request, view, facts);
}

function createTransfer(
  request: TransferRequest,
  view: LedgerView,
  facts: RuleFacts,
): TransferDecision {
  const { debitAccountId, creditAccountId, unit, code } = request;
  if (debitAccountId === undefined) return refuse('debit_account_id_must_not_be_zero');
  if (creditAccountId === undefined) return refuse('credit_account_id_must_not_be_zero');
  if (debitAccountId === creditAccountId) return refuse('accounts_must_be_different');
  if (request.pendingId !== undefined) return refuse('pending_id_must_be_zero');
  const isPending = (request.flags & FLAG.pending) !== 0;
  if (!isPending && request.timeout_s !== 0) return refuse('timeout_reserved_for_pending_transfer');
  if (unit === undefined) return refuse('ledger_must_not_be_zero');
  if (code === undefined || code === 0) return refuse('code_must_not_be_zero');
  const debit = view.account(debitAccountId);
  if (debit === undefined) return refuse('debit_account_not_found');
  const credit = view.account(creditAccountId);
  if (credit === undefined) return refuse('credit_account_not_found');
  if (debit.unit !== credit.unit) return refuse('accounts_must_have_the_same_ledger');
  if (unit !== debit.unit) return refuse('transfer_must_have_the_same_ledger_as_accounts');
  const amountMinor = request.amountMinor ?? 0n;
  const limit = beyondLimits(amountMinor, isPending, debit, credit, facts.amountMaxMinor);
  if (limit !== undefined) return refuse(limit);
  const expires_ms = request.timeout_s === 0 ? undefined : facts.now_ms + request.timeout_s * 1000;
  return {
    result: 'created',
    transfer: {
      id: request.id,
      debitAccountId,
      creditAccountId,
      amountMinor,
      pendingId: undefined,
      timeout_s: request.timeout_s,
      unit,
      code,
      flags: request.flags,
      userData: request.userData,
      phase: isPending ? 'pending' : 'none',
      expires_ms,
      created_ms: facts.now_ms,
    },
    changes: changesOf(
      debit.id,
      credit.id,
      isPending ? amountMinor : 0n,
      isPending ? 0n : amountMinor,
    ),
  };
}

/** The bounds of the store first, then what the accounts themselves forbid. */
function beyondLimits(
  amount: bigint,
  isPending: boolean,
  debit: AccountState,
  credit: AccountState,
  max: bigint,
): TransferRefusal | undefined {
  if (isPending && debit.debitsPendingMinor + amount > max) return 'overflows_debits_pending';
  if (isPending && credit.creditsPendingMinor + amount > max) return 'overflows_credits_pending';
  if (debit.debitsPostedMinor + amount > max) return 'overflows_debits_posted';
  if (credit.creditsPostedMinor + amount > max) return 'overflows_credits_posted';
  if (debit.debitsPendingMinor + debit.debitsPostedMinor + amount > max) return 'overflows_debits';
  if (credit.creditsPendingMinor + credit.creditsPostedMinor + amount > max)
    return 'overflows_credits';
  if (debitsExceedCredits(debit, amount)) return 'exceeds_credits';
  if (creditsExceedDebits(credit, amount)) return 'exceeds_debits';
  return undefined;
}

const EXCLUDED_WITH_RESOLUTION: Readonly<Record<'post' | 'void', number>> = {
  post: FLAG.void_pending | FLAG.pending,
  void: FLAG.post_pending | FLAG.pending,
};

function resolvePending(
  request: TransferRequest,
  view: LedgerView,
  facts: RuleFacts,
): TransferDecision {
  const way = (request.flags & FLAG.post_pending) !== 0 ? 'post' : 'void';
  if ((request.flags & EXCLUDED_WITH_RESOLUTION[way]) !== 0)
    return refuse('flags_are_mutually_exclusive');
  if (request.pendingId === undefined) return refuse('pending_id_must_not_be_zero');
  if (request.pendingId === request.id) return refuse('pending_id_must_be_different');
  if (request.timeout_s !== 0) return refuse('timeout_reserved_for_pending_transfer');
  const pending = view.transfer(request.pendingId);
  if (pending === undefined) return refuse('pending_transfer_not_found');
  if ((pending.flags & FLAG.pending) === 0) return refuse('pending_transfer_not_pending');
  const amountMinor = request.amountMinor ?? pending.amountMinor;
  const mismatch = differsFromPending(request, pending, amountMinor, way);
  if (mismatch !== undefined) return refuse(mismatch);
  const ended = ENDED[pending.phase];
  if (ended !== undefined) return refuse(ended);
  return {
    result: 'created',
    transfer: {
      ...pending,
      id: request.id,
      amountMinor,
      pendingId: pending.id,
      timeout_s: 0,
      flags: request.flags,
      userData: request.userData ?? pending.userData,
      phase: 'none',
      expires_ms: undefined,
      created_ms: facts.now_ms,
    },
    changes: changesOf(
      pending.debitAccountId,
      pending.creditAccountId,
      -pending.amountMinor,
      way === 'post' ? amountMinor : 0n,
    ),
    resolves: { id: pending.id, phase: way === 'post' ? 'posted' : 'voided' },
  };
}

const ENDED: Readonly<Record<Phase, TransferRefusal | undefined>> = {
  none: 'pending_transfer_not_pending',
  pending: undefined,
  posted: 'pending_transfer_already_posted',
  voided: 'pending_transfer_already_voided',
  expired: 'pending_transfer_expired',
};

const isOther = <T>(asked: T | undefined, stands: T): boolean =>
  asked !== undefined && asked !== stands;

function differsFromPending(
  request: TransferRequest,
  pending: TransferState,
  amountMinor: bigint,
  way: 'post' | 'void',
): TransferRefusal | undefined {
  if (isOther(request.debitAccountId, pending.debitAccountId))
    return 'pending_transfer_has_different_debit_account_id';
  if (isOther(request.creditAccountId, pending.creditAccountId))
    return 'pending_transfer_has_different_credit_account_id';
  if (isOther(request.unit, pending.unit)) return 'pending_transfer_has_different_ledger';
  if (isOther(request.code, pending.code)) return 'pending_transfer_has_different_code';
  if (amountMinor > pending.amountMinor) return 'exceeds_pending_transfer_amount';
  if (way === 'void' && amountMinor < pending.amountMinor)
    return 'pending_transfer_has_different_amount';
  return undefined;
}

const changesOf = (
  debitAccountId: string,
  creditAccountId: string,
  pendingMinor: bigint,
  postedMinor: bigint,
): readonly [BalanceChange, BalanceChange] => [
  {
    accountId: debitAccountId,
    debitsPendingMinor: pendingMinor,
    debitsPostedMinor: postedMinor,
    creditsPendingMinor: 0n,
    creditsPostedMinor: 0n,
  },
  {
    accountId: creditAccountId,
    debitsPendingMinor: 0n,
    debitsPostedMinor: 0n,
    creditsPendingMinor: pendingMinor,
    creditsPostedMinor: postedMinor,
  },
];
