import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
  type ModelTransfer,
} from '@anarq/ledger-engine/testing';

/** Accounts with these ids, in ledger 1; of those with limits the debits stay within the credits. */
export const accounts = (ids: readonly bigint[], flags = 0): Uint8Array =>
  accountsBatch(ids.map((id) => plainAccount(id, { flags })));

/** Transfers with the ids from one to below another. */
export const transfers = (
  from: number,
  to: number,
  more: (id: bigint) => Partial<ModelTransfer> = () => ({}),
): Uint8Array =>
  transfersBatch(
    Array.from({ length: to - from }, (_, index) => {
      const id = BigInt(from + index);
      return plainTransfer(id, more(id));
    }),
  );
