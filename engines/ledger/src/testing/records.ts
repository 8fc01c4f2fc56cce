import { RECORD_BYTES, RECORD_WORDS } from '../layout.ts';
import { readU128, readU64, writeU128, writeU64 } from '../u128.ts';
import type { ModelAccount, ModelTransfer } from './modelState.ts';

/** An account of ledger 1 with nothing in it, but for what is said. */
export const plainAccount = (id: bigint, more: Partial<ModelAccount> = {}): ModelAccount => ({
  id,
  debitsPending: 0n,
  debitsPosted: 0n,
  creditsPending: 0n,
  creditsPosted: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  reserved: 0,
  ledger: 1,
  code: 1,
  flags: 0,
  timestamp: 0n,
  ...more,
});

/** A transfer of 5 from account 1 to account 2, but for what is said. */
export const plainTransfer = (id: bigint, more: Partial<ModelTransfer> = {}): ModelTransfer => ({
  id,
  debit: 1n,
  credit: 2n,
  amount: 5n,
  pendingId: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout_s: 0,
  ledger: 1,
  code: 1,
  flags: 0,
  timestamp: 0n,
  ...more,
});

/** Accounts as records of 128 bytes. */
export function accountsBatch(accounts: readonly ModelAccount[]): Uint8Array {
  const words = new Uint32Array(accounts.length * RECORD_WORDS);
  accounts.forEach((account, index) => {
    const at = index * RECORD_WORDS;
    writeU128(words, at, account.id);
    writeU128(words, at + 4, account.debitsPending);
    writeU128(words, at + 8, account.debitsPosted);
    writeU128(words, at + 12, account.creditsPending);
    writeU128(words, at + 16, account.creditsPosted);
    writeU128(words, at + 20, account.userData128);
    writeU64(words, at + 24, account.userData64);
    words[at + 26] = account.userData32;
    words[at + 27] = account.reserved;
    words[at + 28] = account.ledger;
    words[at + 29] = account.code | (account.flags << 16);
    writeU64(words, at + 30, account.timestamp);
  });
  return new Uint8Array(words.buffer);
}

/** Transfers as records of 128 bytes. */
export function transfersBatch(transfers: readonly ModelTransfer[]): Uint8Array {
  const words = new Uint32Array(transfers.length * RECORD_WORDS);
  transfers.forEach((transfer, index) => {
    const at = index * RECORD_WORDS;
    writeU128(words, at, transfer.id);
    writeU128(words, at + 4, transfer.debit);
    writeU128(words, at + 8, transfer.credit);
    writeU128(words, at + 12, transfer.amount);
    writeU128(words, at + 16, transfer.pendingId);
    writeU128(words, at + 20, transfer.userData128);
    writeU64(words, at + 24, transfer.userData64);
    words[at + 26] = transfer.userData32;
    words[at + 27] = transfer.timeout_s;
    words[at + 28] = transfer.ledger;
    words[at + 29] = transfer.code | (transfer.flags << 16);
    writeU64(words, at + 30, transfer.timestamp);
  });
  return new Uint8Array(words.buffer);
}

const wordsOfRecord = (record: Uint8Array): Uint32Array =>
  new Uint32Array(record.slice(0, RECORD_BYTES).buffer);

/** A record of 128 bytes as an account. */
export function accountOf(record: Uint8Array): ModelAccount {
  const words = wordsOfRecord(record);
  return {
    id: readU128(words, 0),
    debitsPending: readU128(words, 4),
    debitsPosted: readU128(words, 8),
    creditsPending: readU128(words, 12),
    creditsPosted: readU128(words, 16),
    userData128: readU128(words, 20),
    userData64: readU64(words, 24),
    userData32: words[26]!,
    reserved: words[27]!,
    ledger: words[28]!,
    code: words[29]! & 0xffff,
    flags: words[29]! >>> 16,
    timestamp: readU64(words, 30),
  };
}

/** A record of 128 bytes as a transfer. */
export function transferOf(record: Uint8Array): ModelTransfer {
  const words = wordsOfRecord(record);
  return {
    id: readU128(words, 0),
    debit: readU128(words, 4),
    credit: readU128(words, 8),
    amount: readU128(words, 12),
    pendingId: readU128(words, 16),
    userData128: readU128(words, 20),
    userData64: readU64(words, 24),
    userData32: words[26]!,
    timeout_s: words[27]!,
    ledger: words[28]!,
    code: words[29]! & 0xffff,
    flags: words[29]! >>> 16,
    timestamp: readU64(words, 30),
  };
}
