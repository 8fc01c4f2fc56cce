import { BATCH_EVENTS_MAX, pagesOf, type LedgerOptions } from '@anarq/ledger-engine';

/** What a ledger is made with unless something else is said: segments of 64 MiB, for the largest. */
export const Default = {
  SEGMENT_PAGES: 16_384,
  SNAPSHOT_PAGES: 16 * 16_384,
  GROUP_PAGES: 2_048,
  QUEUE: 4_096,
} as const;

/** Pages of the largest batch: room that is kept for the ends of pending transfers. */
export const PAGE_RESERVE = pagesOf(BATCH_EVENTS_MAX);

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
  /** Pages that the log has at least, as whoever opens it knows from elsewhere: fewer is damage. */
  readonly pagesMin?: number | undefined;
  /**
   * Batches come with the time of an order, through `bringOrdered` alone: nothing happens by the clock of
   * this machine, and none is passed over because its disk is full.
   */
  readonly isOrdered?: boolean;
  /** Nanoseconds since 1970. */
  readonly now?: () => bigint;
  /** A sync failed: what is on the disk is not known any more. By default the process ends. */
  readonly onSyncFailure?: (error: unknown) => void;
}

/** A key for where ids lie in memory, of which whoever sends them knows nothing. Nothing else depends on it. */
export const newHashKey = (): Uint32Array => crypto.getRandomValues(new Uint32Array(4));

/** What of the options the books themselves take. */
export const booksOptionsOf = ({
  sealEvents,
  accountsMax,
  keepsAllBalances,
}: WriterOptions): Pick<
  LedgerOptions,
  'sealEvents' | 'accountsMax' | 'keepsAllBalances' | 'hashKey'
> => ({
  hashKey: newHashKey(),
  ...(sealEvents === undefined ? {} : { sealEvents }),
  ...(accountsMax === undefined ? {} : { accountsMax }),
  ...(keepsAllBalances === undefined ? {} : { keepsAllBalances }),
});
