/** Which side of a transfer an account stands on. */
export interface AccountFilter {
  readonly accountId: bigint;
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly code?: number;
  /** First and last instant, in nanoseconds; 0 is no bound. */
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  /** Most results, at least 1. */
  readonly limit: number;
  readonly debits: boolean;
  readonly credits: boolean;
  readonly isReversed?: boolean;
}

/** Accounts or transfers of any account; a member that is 0 or left out counts for nothing. */
export interface QueryFilter {
  /** Of transfers: what their accounts carry as user data of 32 bits. */
  readonly accountsUserData32?: number;
  /** Of transfers: also the ends of pending ones whose time was over, as copies with a time of their own. */
  readonly withEnds?: boolean;
  readonly userData128?: bigint;
  readonly userData64?: bigint;
  readonly userData32?: number;
  readonly ledger?: number;
  readonly code?: number;
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  readonly limit: number;
  readonly isReversed?: boolean;
}

/** What happened in a range of time. */
export interface ChangeFilter {
  readonly timestampMin?: bigint;
  readonly timestampMax?: bigint;
  readonly limit: number;
}

/** The four balances of an account, in the smallest unit of its ledger. */
export interface Balances {
  readonly debitsPending: bigint;
  readonly debitsPosted: bigint;
  readonly creditsPending: bigint;
  readonly creditsPosted: bigint;
}

export interface BalancesAt extends Balances {
  /** Nanoseconds. */
  readonly timestamp: bigint;
}

/** How a change left one of its accounts. */
export interface ChangedAccount extends Balances {
  readonly id: bigint;
  readonly flags: number;
}

export interface ChangeEvent {
  readonly type: 'single_phase' | 'pending' | 'posted' | 'voided' | 'expired';
  /** When it happened; for `expired`, later than the transfer. */
  readonly timestamp: bigint;
  /** The transfer, 128 bytes; for `expired`, the pending one. */
  readonly transfer: Uint8Array;
  readonly debit: ChangedAccount;
  readonly credit: ChangedAccount;
}
