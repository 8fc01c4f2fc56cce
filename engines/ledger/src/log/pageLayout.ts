/** The log is pages of one size: a header, up to 30 records, a result for each, and a checksum. */
export const PAGE_BYTES = 4_096;
export const PAGE_RECORDS = 30;

/** Offsets within a page, in bytes. */
export const Page = {
  /** "QLPG" and the version of this layout, u32. */
  MAGIC: 0,
  /** What the batch does, u8: one of LogOperation. */
  OPERATION: 4,
  /** 1 on the last page of a batch, u8. */
  FLAGS: 5,
  /** Records in this page, u16. */
  COUNT: 6,
  /** Number of the page in the log, from 0, u64. */
  NUMBER: 8,
  /** Number of the batch, from 0, u64. */
  BATCH: 16,
  /** Time of the batch: that of its last event, in nanoseconds, u64. */
  TIMESTAMP: 24,
  /** Ordinal of the first record here, or of the next event where records have none, u64. */
  ORDINAL: 32,
  /** Events of the whole batch, u32. */
  BATCH_COUNT: 40,
  /** Which page of its batch this is, from 0, u32. */
  INDEX: 44,
  /** SHA-256 of the page before, 32 bytes; zeros in the first page. */
  PREVIOUS: 48,
  /** Digest of the call that brought the batch, 32 bytes; zeros where there was none. */
  CAUSE: 80,
  /** Which ledger this is, 16 bytes. */
  LEDGER: 112,
  /** Every page below this number was safe on the disk before this one was written, u32. */
  SAFE: 128,
  RECORDS: 132,
  /** One u32 a record. */
  RESULTS: 3_972,
  /** CRC-32 of the bytes before, u32. */
  CHECKSUM: 4_092,
} as const;

export const PAGE_MAGIC = 0x31504c51;
export const PAGE_IS_LAST = 1;

/** What a batch of the log does. */
export const LogOperation = { ACCOUNTS: 1, TRANSFERS: 2, EXPIRIES: 3 } as const;
