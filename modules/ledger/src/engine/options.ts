import type { LedgerOptions } from '@anarq/ledger-engine';

export interface WriterOptions {
  /** Pages of a segment of the log. */
  readonly segmentPages?: number;
  /** Pages after which a snapshot is written. */
  readonly snapshotPages?: number;
  /** Pages of a group of batches that is synced at once. */
  readonly groupPages?: number;
  /** Most batches that wait, before whoever brings more has to. */
  readonly queueMax?: number;
  readonly sealEvents?: number;
  readonly accountsMax?: number;
  readonly keepsAllBalances?: boolean;
  /** Nanoseconds since 1970. */
  readonly now?: () => bigint;
  /** A sync failed: what is on the disk is not known any more. By default the process ends. */
  readonly onSyncFailure?: (error: unknown) => void;
}

/** What of the options the books themselves take. */
export const booksOptionsOf = ({
  sealEvents,
  accountsMax,
  keepsAllBalances,
}: WriterOptions): Pick<LedgerOptions, 'sealEvents' | 'accountsMax' | 'keepsAllBalances'> => ({
  ...(sealEvents === undefined ? {} : { sealEvents }),
  ...(accountsMax === undefined ? {} : { accountsMax }),
  ...(keepsAllBalances === undefined ? {} : { keepsAllBalances }),
});
