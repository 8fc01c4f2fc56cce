/** An account of the model; amounts in the smallest unit, times in nanoseconds. */
export interface ModelAccount {
  id: bigint;
  debitsPending: bigint;
  debitsPosted: bigint;
  creditsPending: bigint;
  creditsPosted: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  reserved: number;
  ledger: number;
  code: number;
  flags: number;
  timestamp: bigint;
}

/** A transfer of the model, as it is sent or as it is stored. */
export interface ModelTransfer {
  id: bigint;
  debit: bigint;
  credit: bigint;
  amount: bigint;
  pendingId: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  timeout_s: number;
  ledger: number;
  code: number;
  flags: number;
  timestamp: bigint;
}

/** What became of a pending transfer. */
export type PendingStatus = 'pending' | 'posted' | 'voided' | 'expired';

/** All that the model holds. */
export interface State {
  accounts: Map<bigint, ModelAccount>;
  transfers: Map<bigint, ModelTransfer>;
  pending: Map<bigint, PendingStatus>;
  failed: Set<bigint>;
  lastAccount: bigint;
  lastTransfer: bigint;
}

/** A copy to go back to: transfers never change, accounts do. */
export const copyOf = (state: State): State => ({
  ...state,
  accounts: new Map([...state.accounts].map(([id, account]) => [id, { ...account }])),
  transfers: new Map(state.transfers),
  pending: new Map(state.pending),
  failed: new Set(state.failed),
});
