import { Malformed, Reader, Writer } from './bytes.ts';
import { ENTRY_BYTES_MAX } from './block.ts';
import { VALIDATORS_MAX } from './committee.ts';
import { DIGEST_BYTES, digestOf, hexOf, bytesOfHex } from './hash.ts';
import { merkleRoot } from './merkle.ts';

/** What a transaction does. Amounts are whole numbers of the chain's smallest unit, below 2^128. */
export type Action =
  /** Makes the key of an account known, from which its id follows; the first thing an account does. */
  | { readonly kind: 'register'; readonly publicKey: Uint8Array }
  | {
      readonly kind: 'transfer';
      readonly to: string;
      readonly amount: bigint;
      readonly memo: Uint8Array;
    }
  /** By the chain's authority only. */
  | { readonly kind: 'mint'; readonly to: string; readonly amount: bigint }
  | { readonly kind: 'burn'; readonly amount: bigint }
  | { readonly kind: 'changeKey'; readonly publicKey: Uint8Array }
  /** By the chain's authority only: the validators of the epoch after this one. */
  | { readonly kind: 'setValidators'; readonly publicKeys: readonly Uint8Array[] }
  /** Bytes that are put in order and mean nothing to the chain: what an ordering engine carries. */
  | { readonly kind: 'data'; readonly bytes: Uint8Array };

export interface Transaction {
  /** Account id in hex: digest of its first public key. */
  readonly account: string;
  /** Account and nonce are the conflict key: of several transactions with both alike, the first in order counts. */
  readonly nonce: bigint;
  readonly fee: bigint;
  /** After this time, as the chain orders it, it is not carried out. */
  readonly notAfter_ms: number;
  readonly action: Action;
}

/** Transactions of one account under one signature, as they travel in blocks. */
export interface Entry {
  readonly account: string;
  readonly transactions: readonly Transaction[];
  /** One id a transaction, in hex. */
  readonly ids: readonly string[];
  /** What was signed: 32 bytes. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

export const BATCH_MAX = 256;
export const MEMO_BYTES_MAX = 256;
export const DATA_BYTES_MAX = 60_000;
export const PUBLIC_KEY_BYTES_MAX = 2_592;
/** No key at all would be read back as none, and so be another state than the one that was carried out. */
export const PUBLIC_KEY_BYTES_MIN = 32;
const SIGNATURE_BYTES_MAX = 4_627;
const KINDS = [
  'register',
  'transfer',
  'mint',
  'burn',
  'changeKey',
  'setValidators',
  'data',
] as const;

/** The id of the account whose first key this is. */
export const accountOf = (publicKey: Uint8Array): string => hexOf(digestOf('account', publicKey));

function writeAction(writer: Writer, action: Action): void {
  writer.u8(KINDS.indexOf(action.kind));
  switch (action.kind) {
    case 'register':
    case 'changeKey':
      writer.bytes(action.publicKey);
      return;
    case 'transfer':
      writer.raw(bytesOfHex(action.to)).u128(action.amount).bytes(action.memo);
      return;
    case 'mint':
      writer.raw(bytesOfHex(action.to)).u128(action.amount);
      return;
    case 'burn':
      writer.u128(action.amount);
      return;
    case 'setValidators':
      writer.u32(action.publicKeys.length);
      for (const key of action.publicKeys) writer.bytes(key);
      return;
    case 'data':
      writer.bytes(action.bytes);
  }
}

function readAction(reader: Reader): Action {
  const kind = KINDS[reader.u8()];
  // Copied: an account keeps its key for longer than the block that brought it.
  const key = () => {
    const bytes = Uint8Array.from(reader.bytes(PUBLIC_KEY_BYTES_MAX));
    if (bytes.length < PUBLIC_KEY_BYTES_MIN) throw new Malformed('a key is too short');
    return bytes;
  };
  const account = () => hexOf(reader.raw(DIGEST_BYTES));
  switch (kind) {
    case 'register':
    case 'changeKey':
      return { kind, publicKey: key() };
    case 'transfer':
      return { kind, to: account(), amount: reader.u128(), memo: reader.bytes(MEMO_BYTES_MAX) };
    case 'mint':
      return { kind, to: account(), amount: reader.u128() };
    case 'burn':
      return { kind, amount: reader.u128() };
    case 'setValidators':
      return { kind, publicKeys: Array.from({ length: reader.count(VALIDATORS_MAX) }, key) };
    case 'data':
      return { kind, bytes: reader.bytes(DATA_BYTES_MAX) };
    default:
      throw new Malformed('there is no such kind of transaction');
  }
}

function encodeTransaction({ nonce, fee, notAfter_ms, action }: Transaction): Uint8Array {
  const writer = new Writer().u64(nonce).u128(fee).time_ms(notAfter_ms);
  writeAction(writer, action);
  return writer.done();
}

/** A transaction's id: of chain, account and content, not of its signature. */
export function transactionId(chainId: Uint8Array, transaction: Transaction): string {
  const account = bytesOfHex(transaction.account);
  return hexOf(digestOf('transaction', chainId, account, encodeTransaction(transaction)));
}

/** What the owner of an account signs for these of its transactions: one Merkle root over their ids. */
export function signedBytes(
  chainId: Uint8Array,
  account: string,
  ids: readonly string[],
): Uint8Array {
  return digestOf('batch', chainId, bytesOfHex(account), merkleRoot(ids.map(bytesOfHex)));
}

/**
 * @throws Malformed for no transaction, more than BATCH_MAX, transactions of several accounts, or more than
 * ENTRY_BYTES_MAX bytes
 */
export function encodeEntry(
  transactions: readonly Transaction[],
  signature: Uint8Array,
): Uint8Array {
  const [first] = transactions;
  if (first === undefined || transactions.length > BATCH_MAX)
    throw new Malformed(`an entry has 1 to ${BATCH_MAX} transactions, not ${transactions.length}`);
  if (transactions.some(({ account }) => account !== first.account))
    throw new Malformed('all transactions of an entry are of one account');
  const writer = new Writer().raw(bytesOfHex(first.account)).u32(transactions.length);
  for (const transaction of transactions) writer.bytes(encodeTransaction(transaction));
  const entry = writer.bytes(signature).done();
  if (entry.length > ENTRY_BYTES_MAX)
    throw new Malformed(`an entry has at most ${ENTRY_BYTES_MAX} bytes, not ${entry.length}`);
  return entry;
}

/** Entries by their bytes, as long as these are there: one is read when it comes, and again when it is carried out. */
const read = new WeakMap<Uint8Array, { readonly chainId: Uint8Array; readonly entry: Entry }>();

/** @throws Malformed */
export function decodeEntry(chainId: Uint8Array, bytes: Uint8Array): Entry {
  const known = read.get(bytes);
  if (known?.chainId === chainId) return known.entry;
  const entry = readEntry(chainId, bytes);
  read.set(bytes, { chainId, entry });
  return entry;
}

function readEntry(chainId: Uint8Array, bytes: Uint8Array): Entry {
  const reader = new Reader(bytes);
  const account = hexOf(reader.raw(DIGEST_BYTES));
  const count = reader.count(BATCH_MAX);
  if (count === 0) throw new Malformed('an entry has at least one transaction');
  const transactions = Array.from({ length: count }, () => {
    const inner = new Reader(reader.bytes(ENTRY_BYTES_MAX));
    const transaction = {
      account,
      nonce: inner.u64(),
      fee: inner.u128(),
      notAfter_ms: inner.time_ms(),
      action: readAction(inner),
    };
    inner.end();
    return transaction;
  });
  const signature = reader.bytes(SIGNATURE_BYTES_MAX);
  reader.end();
  const ids = transactions.map((transaction) => transactionId(chainId, transaction));
  return { account, transactions, ids, signed: signedBytes(chainId, account, ids), signature };
}
