import { AccountFlag, TransferFlag } from '@anarq/ledger-engine/words';

/** Flags of an account; names and meaning as in TigerBeetle's reference. */
export const ACCOUNT_FLAGS = {
  linked: AccountFlag.LINKED,
  debits_must_not_exceed_credits: AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS,
  credits_must_not_exceed_debits: AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS,
  history: AccountFlag.HISTORY,
} as const;

/** The same for an account that is there: it may be closed since, or have come from elsewhere. */
export const ACCOUNT_STATES = {
  ...ACCOUNT_FLAGS,
  closed: AccountFlag.CLOSED,
  imported: AccountFlag.IMPORTED,
} as const;

/** What an account can be imported with: some were closed when they were opened. */
export const IMPORTED_ACCOUNT_FLAGS = { ...ACCOUNT_FLAGS, closed: AccountFlag.CLOSED } as const;

/** Flags of a transfer; names and meaning as in TigerBeetle's reference. */
export const TRANSFER_FLAGS = {
  linked: TransferFlag.LINKED,
  pending: TransferFlag.PENDING,
  post_pending: TransferFlag.POST_PENDING,
  void_pending: TransferFlag.VOID_PENDING,
  balancing_debit: TransferFlag.BALANCING_DEBIT,
  balancing_credit: TransferFlag.BALANCING_CREDIT,
  closing_debit: TransferFlag.CLOSING_DEBIT,
  closing_credit: TransferFlag.CLOSING_CREDIT,
} as const;

/** The same for a transfer that is there. */
export const TRANSFER_STATES = { ...TRANSFER_FLAGS, imported: TransferFlag.IMPORTED } as const;

/** What ends a pending transfer. */
export const RESOLVING = TRANSFER_FLAGS.post_pending | TRANSFER_FLAGS.void_pending;

/** The bits of a list of flag names. */
export const toBits = <N extends string>(
  flags: Readonly<Record<N, number>>,
  names: readonly N[],
): number => names.reduce((bits, name) => bits | flags[name], 0);

/** The names of the bits that are set, in the order of the table. */
export const toNames = <N extends string>(flags: Readonly<Record<N, number>>, bits: number): N[] =>
  // The keys of the table are its names.
  (Object.keys(flags) as N[]).filter((name) => (bits & flags[name]) !== 0);
