import { ACCOUNT_FLAGS, changed, type AccountState } from './account.ts';
import { decideAccount, type AccountRequest, type AccountResult } from './accountRules.ts';
import { runLinked } from './linked.ts';
import {
  isTransient,
  TRANSFER_FLAGS,
  type TransferRequest,
  type TransferResult,
  type TransferState,
} from './transfer.ts';
import {
  decideTransfer,
  type LedgerView,
  type RuleFacts,
  type TransferDecision,
} from './transferRules.ts';

/** A transfer that a batch makes, with everything that it changes. */
export type CreatedTransfer = Extract<TransferDecision, { readonly result: 'created' }>;

/** The part of the ledger that one batch works on. */
export interface WorkingSet {
  readonly accounts: ReadonlyMap<string, AccountState>;
  readonly transfers: ReadonlyMap<string, TransferState>;
  readonly failedIds: ReadonlySet<string>;
}

export interface TransferPlan {
  readonly results: TransferResult[];
  /** In the order in which they must be applied. */
  readonly created: CreatedTransfer[];
  /** Ids that were refused for a transient reason, and why. */
  readonly failed: { readonly id: string; readonly result: TransferResult }[];
}

/** Decides a batch of transfers against the working set, each seeing the effects of the ones before. */
export function planTransfers(
  requests: readonly TransferRequest[],
  set: WorkingSet,
  facts: RuleFacts,
): TransferPlan {
  let accounts = new Map(set.accounts);
  let transfers = new Map(set.transfers);
  const failedIds = new Set(set.failedIds);
  const created: CreatedTransfer[] = [];
  const failed: { id: string; result: TransferResult }[] = [];
  let saved = { accounts, transfers, created: 0 };
  const view: LedgerView = {
    account: (id) => accounts.get(id),
    transfer: (id) => transfers.get(id),
    hasFailed: (id) => failedIds.has(id),
  };
  const results = runLinked<TransferRequest, TransferResult>(requests, {
    isLinked: (request) => (request.flags & TRANSFER_FLAGS.linked) !== 0,
    execute: (request) => {
      const decision = decideTransfer(request, view, facts);
      if (decision.result !== 'created') return decision.result;
      applyTo(accounts, transfers, decision);
      created.push(decision);
      return 'created';
    },
    open: () => {
      saved = {
        accounts: new Map(accounts),
        transfers: new Map(transfers),
        created: created.length,
      };
    },
    discard: () => {
      ({ accounts, transfers } = saved);
      created.length = saved.created;
    },
    keep: () => undefined,
    refused: (request, result) => {
      if (!isTransient(result)) return;
      failedIds.add(request.id);
      failed.push({ id: request.id, result });
    },
  });
  return { results, created, failed };
}

/** Puts a decided transfer into effect on a copy of the state that is held in memory. */
export function applyTo(
  accounts: Map<string, AccountState>,
  transfers: Map<string, TransferState>,
  { transfer, changes, resolves }: CreatedTransfer,
): void {
  for (const change of changes) {
    const account = accounts.get(change.accountId);
    if (account !== undefined) accounts.set(account.id, changed(account, change));
  }
  transfers.set(transfer.id, transfer);
  const pending = resolves === undefined ? undefined : transfers.get(resolves.id);
  if (resolves !== undefined && pending !== undefined)
    transfers.set(pending.id, { ...pending, phase: resolves.phase });
}

/** Decides a batch of accounts to open, for one owner. */
export function planAccounts(
  requests: readonly AccountRequest[],
  existing: ReadonlyMap<string, AccountState>,
  by: { readonly owner: string; readonly now_ms: number },
): { readonly results: AccountResult[]; readonly created: AccountState[] } {
  const known = new Map(existing);
  const created: AccountState[] = [];
  let chainStart = 0;
  const results = runLinked<AccountRequest, AccountResult>(requests, {
    isLinked: (request) => (request.flags & ACCOUNT_FLAGS.linked) !== 0,
    execute: (request) => {
      const decision = decideAccount(request, known.get(request.id), by);
      if (decision.result !== 'created') return decision.result;
      known.set(request.id, decision.account);
      created.push(decision.account);
      return 'created';
    },
    open: () => {
      chainStart = created.length;
    },
    discard: () => {
      for (const account of created.splice(chainStart)) known.delete(account.id);
    },
    keep: () => undefined,
  });
  return { results, created };
}
