import {
  A_BALANCES,
  A_CODE_FLAGS,
  A_ID,
  A_LEDGER,
  A_TIMESTAMP,
  A_USER_128,
  A_USER_64,
  CREDITS_PENDING,
  CREDITS_POSTED,
  DEBITS_PENDING,
  DEBITS_POSTED,
  readU128,
  readU64,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_ID,
  T_LEDGER,
  T_PENDING,
  T_TIMEOUT_S,
  T_TIMESTAMP,
  T_USER_128,
  wordsOf,
  type Balances,
} from '@anarq/ledger-engine';
import { unitIn } from './unitNumbers.ts';

/** An account as the engine has it. Amounts are in minor units of its unit. */
export interface AccountEntry extends Balances {
  readonly key: bigint;
  readonly ownerMark: bigint;
  /** Of its reference and its holder. */
  readonly detailsMark: bigint;
  readonly unit: string;
  readonly code: number;
  readonly flags: number;
  /** Nanoseconds since 1970. */
  readonly timestamp: bigint;
}

/** A transfer as the engine has it. */
export interface TransferEntry {
  readonly key: bigint;
  readonly debitKey: bigint;
  readonly creditKey: bigint;
  readonly amountMinor: bigint;
  /** 0 where it resolves none. */
  readonly pendingKey: bigint;
  /** Of its reference; of the transaction that it is a posting of. */
  readonly mark: bigint;
  readonly timeout_s: number;
  readonly unit: string;
  readonly code: number;
  readonly flags: number;
  readonly timestamp: bigint;
}

export function accountEntry(record: Uint8Array): AccountEntry {
  const words = wordsOf(record);
  const amount = (balance: number): bigint => readU128(words, A_BALANCES + balance);
  return {
    key: readU128(words, A_ID),
    debitsPending: amount(DEBITS_PENDING),
    debitsPosted: amount(DEBITS_POSTED),
    creditsPending: amount(CREDITS_PENDING),
    creditsPosted: amount(CREDITS_POSTED),
    ownerMark: readU128(words, A_USER_128),
    detailsMark: readU64(words, A_USER_64),
    unit: unitIn(words[A_LEDGER] ?? 0),
    code: (words[A_CODE_FLAGS] ?? 0) & 0xffff,
    flags: (words[A_CODE_FLAGS] ?? 0) >>> 16,
    timestamp: readU64(words, A_TIMESTAMP),
  };
}

export function transferEntry(record: Uint8Array): TransferEntry {
  const words = wordsOf(record);
  return {
    key: readU128(words, T_ID),
    debitKey: readU128(words, T_DEBIT),
    creditKey: readU128(words, T_CREDIT),
    amountMinor: readU128(words, T_AMOUNT),
    pendingKey: readU128(words, T_PENDING),
    mark: readU128(words, T_USER_128),
    timeout_s: words[T_TIMEOUT_S] ?? 0,
    unit: unitIn(words[T_LEDGER] ?? 0),
    code: (words[T_CODE_FLAGS] ?? 0) & 0xffff,
    flags: (words[T_CODE_FLAGS] ?? 0) >>> 16,
    timestamp: readU64(words, T_TIMESTAMP),
  };
}
