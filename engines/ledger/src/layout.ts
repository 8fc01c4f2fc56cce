/**
 * The records of the ledger: accounts and transfers of 128 bytes, little-endian, in the layout of
 * TigerBeetle (Account and Transfer of its protocol). Offsets are in words of 32 bits; a number of
 * 128 bits is four of them, the lowest first.
 */
export const RECORD_BYTES = 128;
export const RECORD_WORDS = 32;

/** Words of a transfer. The code is the lower half of the word with the flags, the flags the upper. */
export const T_ID = 0;
export const T_DEBIT = 4;
export const T_CREDIT = 8;
export const T_AMOUNT = 12;
export const T_PENDING = 16;
export const T_USER_128 = 20;
export const T_USER_64 = 24;
export const T_USER_32 = 26;
export const T_TIMEOUT_S = 27;
export const T_LEDGER = 28;
export const T_CODE_FLAGS = 29;
export const T_TIMESTAMP = 30;

/** Words of an account. */
export const A_ID = 0;
export const A_BALANCES = 4;
export const A_USER_128 = 20;
export const A_USER_64 = 24;
export const A_USER_32 = 26;
export const A_RESERVED = 27;
export const A_LEDGER = 28;
export const A_CODE_FLAGS = 29;
export const A_TIMESTAMP = 30;

/** Words of the four balances of an account, from where they begin. */
export const DEBITS_PENDING = 0;
export const DEBITS_POSTED = 4;
export const CREDITS_PENDING = 8;
export const CREDITS_POSTED = 12;
export const BALANCE_WORDS = 16;

/** What an account is, by bit. */
export const AccountFlag = {
  LINKED: 1 << 0,
  DEBITS_MUST_NOT_EXCEED_CREDITS: 1 << 1,
  CREDITS_MUST_NOT_EXCEED_DEBITS: 1 << 2,
  HISTORY: 1 << 3,
  IMPORTED: 1 << 4,
  CLOSED: 1 << 5,
} as const;
export const ACCOUNT_FLAGS_RESERVED = 0xffc0;

/** What a transfer does, by bit. */
export const TransferFlag = {
  LINKED: 1 << 0,
  PENDING: 1 << 1,
  POST_PENDING: 1 << 2,
  VOID_PENDING: 1 << 3,
  BALANCING_DEBIT: 1 << 4,
  BALANCING_CREDIT: 1 << 5,
  CLOSING_DEBIT: 1 << 6,
  CLOSING_CREDIT: 1 << 7,
  IMPORTED: 1 << 8,
} as const;
export const TRANSFER_FLAGS_RESERVED = 0xfe00;

/** Timestamps are nanoseconds since 1970 in 63 bits, from 1. */
export const TIMESTAMP_MAX = 2n ** 63n - 1n;
export const NS_PER_S = 1_000_000_000;

/** Most events of one batch: what fits a mebibyte with a header. */
export const BATCH_EVENTS_MAX = 8_190;

/** The words of records in a batch. @throws RangeError where the bytes are not aligned to a word */
export const wordsOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
