import { accountsBatch, transfersBatch, type ModelTransfer } from '@anarq/ledger-engine/testing';

/** Accounts with these ids, in ledger 1; of those with limits the debits stay within the credits. */
export const accounts = (ids: readonly bigint[], flags = 0): Uint8Array =>
  accountsBatch(
    ids.map((id) => ({
      id,
      debitsPending: 0n,
      debitsPosted: 0n,
      creditsPending: 0n,
      creditsPosted: 0n,
      userData128: 0n,
      userData64: 0n,
      userData32: 0,
      reserved: 0,
      ledger: 1,
      code: 1,
      flags,
      timestamp: 0n,
    })),
  );

/** A transfer of 5 from account 1 to account 2. */
export const transfer = (id: bigint, more: Partial<ModelTransfer> = {}): ModelTransfer => ({
  id,
  debit: 1n,
  credit: 2n,
  amount: 5n,
  pendingId: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout_s: 0,
  ledger: 1,
  code: 1,
  flags: 0,
  timestamp: 0n,
  ...more,
});

/** Transfers with the ids from one to below another. */
export const transfers = (
  from: number,
  to: number,
  more: (id: bigint) => Partial<ModelTransfer> = () => ({}),
): Uint8Array =>
  transfersBatch(
    Array.from({ length: to - from }, (_, index) => {
      const id = BigInt(from + index);
      return transfer(id, more(id));
    }),
  );
