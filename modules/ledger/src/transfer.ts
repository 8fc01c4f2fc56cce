/** Flags of a transfer; names and meaning as in TigerBeetle's reference. */
export const TRANSFER_FLAGS = {
  linked: 1,
  pending: 2,
  post_pending: 4,
  void_pending: 8,
} as const;

/** Where a pending transfer stands; `none` for every transfer that is not pending. */
export type Phase = 'none' | 'pending' | 'posted' | 'voided' | 'expired';

/** A transfer as the ledger keeps it. Only its phase ever changes. */
export interface TransferState {
  readonly id: string;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountMinor: bigint;
  readonly pendingId: string | undefined;
  /** Seconds; 0: never expires. */
  readonly timeout_s: number;
  readonly unit: string;
  readonly code: number;
  /** Bits of TRANSFER_FLAGS. */
  readonly flags: number;
  readonly userData: string | undefined;
  readonly phase: Phase;
  readonly expires_ms: number | undefined;
  readonly created_ms: number;
}

/**
 * A transfer to make. What is absent when a pending transfer is posted or voided is taken from the
 * pending transfer; an absent amount then means all of it.
 */
export interface TransferRequest {
  readonly id: string;
  readonly debitAccountId?: string | undefined;
  readonly creditAccountId?: string | undefined;
  readonly amountMinor?: bigint | undefined;
  readonly pendingId?: string | undefined;
  readonly timeout_s: number;
  readonly unit?: string | undefined;
  readonly code?: number | undefined;
  readonly flags: number;
  readonly userData?: string | undefined;
}

/** What became of one transfer of a call, in the order of precedence within each stage. */
export const TRANSFER_RESULTS = [
  'created',
  'linked_event_failed',
  'linked_event_chain_open',
  'exists',
  'exists_with_different_flags',
  'exists_with_different_pending_id',
  'exists_with_different_timeout',
  'exists_with_different_debit_account_id',
  'exists_with_different_credit_account_id',
  'exists_with_different_amount',
  'exists_with_different_user_data',
  'exists_with_different_ledger',
  'exists_with_different_code',
  'id_already_failed',
  'flags_are_mutually_exclusive',
  'debit_account_id_must_not_be_zero',
  'credit_account_id_must_not_be_zero',
  'accounts_must_be_different',
  'pending_id_must_be_zero',
  'pending_id_must_not_be_zero',
  'pending_id_must_be_different',
  'timeout_reserved_for_pending_transfer',
  'ledger_must_not_be_zero',
  'code_must_not_be_zero',
  'debit_account_not_found',
  'credit_account_not_found',
  'accounts_must_have_the_same_ledger',
  'transfer_must_have_the_same_ledger_as_accounts',
  'pending_transfer_not_found',
  'pending_transfer_not_pending',
  'pending_transfer_has_different_debit_account_id',
  'pending_transfer_has_different_credit_account_id',
  'pending_transfer_has_different_ledger',
  'pending_transfer_has_different_code',
  'exceeds_pending_transfer_amount',
  'pending_transfer_has_different_amount',
  'pending_transfer_already_posted',
  'pending_transfer_already_voided',
  'pending_transfer_expired',
  'overflows_debits_pending',
  'overflows_credits_pending',
  'overflows_debits_posted',
  'overflows_credits_posted',
  'overflows_debits',
  'overflows_credits',
  'exceeds_credits',
  'exceeds_debits',
] as const;

export type TransferResult = (typeof TRANSFER_RESULTS)[number];
export type TransferRefusal = Exclude<TransferResult, 'created'>;

/**
 * Refusals that depend on what else happened before. An id that was refused so stays refused
 * (`id_already_failed`): a retry must never act after its sender was told that it did not.
 */
const TRANSIENT: ReadonlySet<TransferResult> = new Set<TransferResult>([
  'debit_account_not_found',
  'credit_account_not_found',
  'pending_transfer_not_found',
  'exceeds_credits',
  'exceeds_debits',
]);

export const isTransient = (result: TransferResult): boolean => TRANSIENT.has(result);
