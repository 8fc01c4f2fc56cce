import {
  A_CODE_FLAGS,
  A_TIMESTAMP,
  AccountFlag,
  RECORD_BYTES,
  RECORD_WORDS,
  T_CODE_FLAGS,
  T_TIMESTAMP,
  TransferFlag,
  wordsOf,
  writeU64,
} from '@anarq/ledger-engine';
import {
  accountRecords,
  transferRecords,
  type AccountRequest,
  type TransferRequest,
} from './requests.ts';

/** Something of elsewhere, with its own time in nanoseconds. */
interface Timed {
  readonly timestamp: bigint;
}

export type ImportedAccountRequest = AccountRequest & Timed & { readonly owner: string };
export type ImportedTransferRequest = TransferRequest & Timed;

/** Accounts of elsewhere as records of the engine. */
export function importedAccountRecords(
  tenant: string,
  requests: readonly ImportedAccountRequest[],
): Uint8Array {
  const bytes = new Uint8Array(requests.length * RECORD_BYTES);
  for (const [index, request] of requests.entries())
    bytes.set(accountRecords(tenant, request.owner, [request]), index * RECORD_BYTES);
  return imported(bytes, requests, {
    time: A_TIMESTAMP,
    flags: A_CODE_FLAGS,
    flag: AccountFlag.IMPORTED,
  });
}

/** Transfers likewise. */
export const importedTransferRecords = (
  tenant: string,
  requests: readonly ImportedTransferRequest[],
): Uint8Array =>
  imported(transferRecords(tenant, requests), requests, {
    time: T_TIMESTAMP,
    flags: T_CODE_FLAGS,
    flag: TransferFlag.IMPORTED,
  });

function imported(
  bytes: Uint8Array,
  requests: readonly Timed[],
  place: { readonly time: number; readonly flags: number; readonly flag: number },
): Uint8Array {
  const words = wordsOf(bytes);
  for (const [index, { timestamp }] of requests.entries()) {
    const at = index * RECORD_WORDS;
    // A time below 0 is one beyond 63 bits, and is refused as that.
    writeU64(words, at + place.time, BigInt.asUintN(64, timestamp));
    words[at + place.flags] = (words[at + place.flags] ?? 0) | (place.flag << 16);
  }
  return bytes;
}
