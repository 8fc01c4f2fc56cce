import {
  RECORD_BYTES,
  RECORD_WORDS,
  wordsOf,
  writeU128,
  writeU64,
  A_CODE_FLAGS,
  A_ID,
  A_LEDGER,
  A_USER_128,
  A_USER_32,
  A_USER_64,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_ID,
  T_LEDGER,
  T_PENDING,
  T_TIMEOUT_S,
  T_USER_128,
} from '@anarq/ledger-engine';
import { TRANSFER_FLAGS } from '../flags.ts';
import {
  accountKey,
  detailsMark,
  ownerMark,
  referenceMark,
  tenantMark,
  transferKey,
} from './keys.ts';
import { ledgerOf } from './unitNumbers.ts';

/** An account to open, as the contract says it. */
export interface AccountRequest {
  readonly id: string;
  readonly unit: string;
  readonly code: number;
  readonly flags: number;
  readonly userData?: string | undefined;
  readonly holder?: string | undefined;
}

/**
 * A transfer to make. What is absent when a pending transfer is posted or voided is taken from the
 * pending transfer; an absent amount then means all of it, and in a balancing transfer whatever there is.
 */
export interface TransferRequest {
  readonly id: string;
  readonly debitAccountId?: string | undefined;
  readonly creditAccountId?: string | undefined;
  readonly amountMinor?: bigint | undefined;
  readonly pendingId?: string | undefined;
  readonly timeout_s: number;
  readonly unit?: string | undefined;
  readonly code?: number | undefined;
  readonly flags: number;
  readonly userData?: string | undefined;
  /** What it carries instead of the mark of its user data. */
  readonly mark?: bigint;
}

/** All that there is: an amount that no transfer reaches. */
const ALL = 2n ** 128n - 1n;

/** What an absent amount stands for. */
function absentAmount(flags: number): bigint {
  if ((flags & TRANSFER_FLAGS.void_pending) !== 0) return 0n;
  const takesAll =
    TRANSFER_FLAGS.post_pending | TRANSFER_FLAGS.balancing_debit | TRANSFER_FLAGS.balancing_credit;
  return (flags & takesAll) === 0 ? 0n : ALL;
}

const keyOr0 = (key: typeof accountKey, tenant: string, name: string | undefined): bigint =>
  name === undefined ? 0n : key(tenant, name);

/** Accounts as records of the engine. */
export function accountRecords(
  tenant: string,
  owner: string,
  requests: readonly AccountRequest[],
): Uint8Array {
  const bytes = new Uint8Array(requests.length * RECORD_BYTES);
  const words = wordsOf(bytes);
  const mark = ownerMark(owner);
  for (const [index, { id, unit, code, flags, userData, holder }] of requests.entries()) {
    const at = index * RECORD_WORDS;
    writeU128(words, at + A_ID, accountKey(tenant, id));
    writeU128(words, at + A_USER_128, mark);
    writeU64(words, at + A_USER_64, detailsMark(userData, holder));
    words[at + A_USER_32] = tenantMark(tenant);
    words[at + A_LEDGER] = ledgerOf(unit);
    words[at + A_CODE_FLAGS] = code | (flags << 16);
  }
  return bytes;
}

/** Transfers as records of the engine. */
export function transferRecords(tenant: string, requests: readonly TransferRequest[]): Uint8Array {
  const bytes = new Uint8Array(requests.length * RECORD_BYTES);
  const words = wordsOf(bytes);
  for (const [index, request] of requests.entries()) {
    const at = index * RECORD_WORDS;
    const { flags } = request;
    writeU128(words, at + T_ID, transferKey(tenant, request.id));
    writeU128(words, at + T_DEBIT, keyOr0(accountKey, tenant, request.debitAccountId));
    writeU128(words, at + T_CREDIT, keyOr0(accountKey, tenant, request.creditAccountId));
    writeU128(words, at + T_AMOUNT, request.amountMinor ?? absentAmount(flags));
    writeU128(words, at + T_PENDING, keyOr0(transferKey, tenant, request.pendingId));
    writeU128(words, at + T_USER_128, request.mark ?? referenceMark(request.userData));
    words[at + T_TIMEOUT_S] = request.timeout_s;
    words[at + T_LEDGER] = ledgerOf(request.unit);
    words[at + T_CODE_FLAGS] = (request.code ?? 0) | (flags << 16);
  }
  return bytes;
}
