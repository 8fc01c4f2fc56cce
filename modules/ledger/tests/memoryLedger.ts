import type { AccountState } from '../src/account.ts';
import { applyTo, planAccounts, planTransfers } from '../src/batch.ts';
import type { TransferState } from '../src/transfer.ts';
import { U128_MAX } from './vectorFile.ts';
import type { Player } from './runVector.ts';

/** The pure rules over maps: the plainest ledger there is, with 128-bit amounts. */
export function memoryLedger(amountMaxMinor: bigint = U128_MAX) {
  const accounts = new Map<string, AccountState>();
  const transfers = new Map<string, TransferState>();
  const failedIds = new Set<string>();
  let now_ms = 1_000_000;

  const expireDue = (): void => {
    for (const transfer of transfers.values()) {
      if (transfer.phase !== 'pending' || (transfer.expires_ms ?? Infinity) > now_ms) continue;
      transfers.set(transfer.id, { ...transfer, phase: 'expired' });
      const debit = accounts.get(transfer.debitAccountId)!;
      const credit = accounts.get(transfer.creditAccountId)!;
      accounts.set(debit.id, {
        ...debit,
        debitsPendingMinor: debit.debitsPendingMinor - transfer.amountMinor,
      });
      accounts.set(credit.id, {
        ...credit,
        creditsPendingMinor: credit.creditsPendingMinor - transfer.amountMinor,
      });
    }
  };

  const player: Player = {
    createAccounts: async (requests) => {
      const plan = planAccounts(requests, accounts, { owner: 'did:test:owner', now_ms });
      for (const account of plan.created) accounts.set(account.id, account);
      return plan.results;
    },
    createTransfers: async (requests) => {
      const plan = planTransfers(
        requests,
        { accounts, transfers, failedIds },
        { now_ms, amountMaxMinor },
      );
      for (const made of plan.created) applyTo(accounts, transfers, made);
      for (const { id } of plan.failed) failedIds.add(id);
      return plan.results;
    },
    account: async (id) => {
      const found = accounts.get(id);
      if (found === undefined) return undefined;
      const { debitsPendingMinor, debitsPostedMinor, creditsPendingMinor, creditsPostedMinor } =
        found;
      return { debitsPendingMinor, debitsPostedMinor, creditsPendingMinor, creditsPostedMinor };
    },
    transfer: async (id) => transfers.get(id)?.amountMinor,
    setup: async (id, balances) => void accounts.set(id, { ...accounts.get(id)!, ...balances }),
    tick: (ms) => {
      now_ms += ms;
      expireDue();
    },
    query: async () => 'queries are asked of the node, not of the rules',
    beyond: () => undefined,
  };
  return { player, accounts, transfers };
}
