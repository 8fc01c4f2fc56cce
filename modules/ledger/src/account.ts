/** An account as the rules see it. Balances are in minor units of its unit, never negative. */
export interface AccountState {
  readonly id: string;
  readonly owner: string;
  /** Whose money it is, where the owner keeps it for them. */
  readonly holder: string | undefined;
  readonly unit: string;
  readonly code: number;
  /** Bits of ACCOUNT_FLAGS. */
  readonly flags: number;
  readonly userData: string | undefined;
  readonly debitsPendingMinor: bigint;
  readonly debitsPostedMinor: bigint;
  readonly creditsPendingMinor: bigint;
  readonly creditsPostedMinor: bigint;
  readonly created_ms: number;
}

/** Flags of an account; names and meaning as in TigerBeetle's reference. */
export const ACCOUNT_FLAGS = {
  linked: 1,
  debits_must_not_exceed_credits: 2,
  credits_must_not_exceed_debits: 4,
  history: 8,
} as const;

/** What a transfer does to the four balances of one account. */
export interface BalanceChange {
  readonly accountId: string;
  readonly debitsPendingMinor: bigint;
  readonly debitsPostedMinor: bigint;
  readonly creditsPendingMinor: bigint;
  readonly creditsPostedMinor: bigint;
}

/** The account after a change. */
export const changed = (account: AccountState, change: BalanceChange): AccountState => ({
  ...account,
  debitsPendingMinor: account.debitsPendingMinor + change.debitsPendingMinor,
  debitsPostedMinor: account.debitsPostedMinor + change.debitsPostedMinor,
  creditsPendingMinor: account.creditsPendingMinor + change.creditsPendingMinor,
  creditsPostedMinor: account.creditsPostedMinor + change.creditsPostedMinor,
});

/** Would debits, pending ones included, be more than what was credited for good? */
export const debitsExceedCredits = (account: AccountState, amountMinor: bigint): boolean =>
  (account.flags & ACCOUNT_FLAGS.debits_must_not_exceed_credits) !== 0 &&
  account.debitsPendingMinor + account.debitsPostedMinor + amountMinor > account.creditsPostedMinor;

/** Would credits, pending ones included, be more than what was debited for good? */
export const creditsExceedDebits = (account: AccountState, amountMinor: bigint): boolean =>
  (account.flags & ACCOUNT_FLAGS.credits_must_not_exceed_debits) !== 0 &&
  account.creditsPendingMinor + account.creditsPostedMinor + amountMinor >
    account.debitsPostedMinor;

/** The bits of a list of flag names. */
export const toBits = <N extends string>(
  flags: Readonly<Record<N, number>>,
  names: readonly N[],
): number => names.reduce((bits, name) => bits | flags[name], 0);

/** The names of the bits that are set, in the order of the table. */
export const toNames = <N extends string>(flags: Readonly<Record<N, number>>, bits: number): N[] =>
  // The keys of the table are its names.
  (Object.keys(flags) as N[]).filter((name) => (bits & flags[name]) !== 0);
