import {
  TRANSFER_FLAGS as FLAG,
  type TransferRefusal,
  type TransferRequest,
  type TransferState,
} from './transfer.ts';

/**
 * What a transfer is answered whose id was used before: `exists` where it says the same, else the
 * first member that differs. The flags come first, because they change what the others mean.
 * @param pending the pending transfer that the existing one resolved, where it did
 */
export function compareWithExisting(
  request: TransferRequest,
  existing: TransferState,
  pending: TransferState | undefined,
): TransferRefusal {
  if (request.flags !== existing.flags) return 'exists_with_different_flags';
  if (request.pendingId !== existing.pendingId) return 'exists_with_different_pending_id';
  if (request.timeout_s !== existing.timeout_s) return 'exists_with_different_timeout';
  const isResolution = (request.flags & (FLAG.post_pending | FLAG.void_pending)) !== 0;
  const expected =
    isResolution && pending !== undefined ? filledFrom(request, pending) : exactly(request);
  if (expected.debitAccountId !== existing.debitAccountId)
    return 'exists_with_different_debit_account_id';
  if (expected.creditAccountId !== existing.creditAccountId)
    return 'exists_with_different_credit_account_id';
  if (expected.amountMinor !== existing.amountMinor) return 'exists_with_different_amount';
  if (expected.userData !== existing.userData) return 'exists_with_different_user_data';
  if (expected.unit !== existing.unit) return 'exists_with_different_ledger';
  if (expected.code !== existing.code) return 'exists_with_different_code';
  return 'exists';
}

const exactly = (request: TransferRequest) => ({
  ...request,
  amountMinor: request.amountMinor ?? 0n,
});

/** What is absent in a post or void was taken from the pending transfer, so it compares as that. */
const filledFrom = (request: TransferRequest, pending: TransferState) => ({
  debitAccountId: request.debitAccountId ?? pending.debitAccountId,
  creditAccountId: request.creditAccountId ?? pending.creditAccountId,
  amountMinor: request.amountMinor ?? pending.amountMinor,
  userData: request.userData ?? pending.userData,
  unit: request.unit ?? pending.unit,
  code: request.code ?? pending.code,
});
