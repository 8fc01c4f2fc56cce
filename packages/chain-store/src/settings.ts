/** How much of a chain lies where, and how long. */
export interface ArchiveSettings {
  /** Receipts of the last transactions that are kept in memory with these. */
  readonly hotTransactions: number;
  /** A segment ends when it has so many bytes before they are packed, or its signatures have. */
  readonly segmentBytes: number;
  readonly witnessBytes: number;
  /** Segments that stay warm behind the one that is written; older ones get cold. */
  readonly warmSegments: number;
  /** So many cold segments become one file of the archive. */
  readonly coldSegments: number;
  /** Of the last so many checkpoints nothing is pruned. */
  readonly keepCheckpoints: number;
  /** Signatures of transactions go when the chain's time is so far behind them that this has passed. */
  readonly witnessRetention_ms: number;
  /** Transactions likewise; absent: they stay. */
  readonly transactionRetention_ms?: number;
  /** 10: about one segment in a hundred is read for nothing. */
  readonly bloomBitsPerKey: number;
}

export const DEFAULT_ARCHIVE_SETTINGS: ArchiveSettings = {
  hotTransactions: 10_000,
  segmentBytes: 8 << 20,
  witnessBytes: 64 << 20,
  warmSegments: 4,
  coldSegments: 8,
  keepCheckpoints: 600,
  witnessRetention_ms: 7 * 86_400_000,
  bloomBitsPerKey: 10,
};

/** zstd levels: what is written every second, what is packed once, and what is packed for good. */
export const LEVELS = { warm: 3, cold: 9, archive: 19 } as const;
