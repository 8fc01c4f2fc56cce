import { Malformed, Reader, Writer } from './bytes.ts';
import { DIGEST_BYTES, bytesOfHex, hexOf } from './hash.ts';
import { PUBLIC_KEY_BYTES_MAX, PUBLIC_KEY_BYTES_MIN } from './transaction.ts';

/** What the chain knows of an account. */
export interface Account {
  readonly balance: bigint;
  /** Absent until the account registers; it can be paid before. */
  readonly publicKey?: Uint8Array;
  /** Nonces that are used, the latest last, each with the transaction that used it. */
  readonly used: readonly UsedNonce[];
  /** Every nonce up to this one counts as used. */
  readonly usedUpTo: bigint;
}

interface UsedNonce {
  readonly nonce: bigint;
  /** Id of the transaction, in hex. */
  readonly id: string;
}

/** How far the nonces of an account may lie apart while they are under way at the same time. */
export const NONCES_OPEN = 64;
export const BALANCE_MAX = (1n << 128n) - 1n;

export const NOBODY: Account = { balance: 0n, used: [], usedUpTo: 0n };

/** How a nonce stands: free, used by which transaction, or too far from the others to be told. */
export function nonceState(
  account: Account,
  nonce: bigint,
):
  | { readonly kind: 'free' | 'tooOld' | 'tooFar' }
  | { readonly kind: 'used'; readonly id: string } {
  const use = account.used.find((each) => each.nonce === nonce);
  if (use !== undefined) return { kind: 'used', id: use.id };
  if (nonce <= account.usedUpTo) return { kind: 'tooOld' };
  if (nonce > account.usedUpTo + BigInt(NONCES_OPEN)) return { kind: 'tooFar' };
  return { kind: 'free' };
}

/** The account with one more nonce used. The window moves up as far as nonces are used without a gap. */
export function withNonce(account: Account, nonce: bigint, id: string): Account {
  const used = [...account.used, { nonce, id }].toSorted((a, b) => Number(a.nonce - b.nonce));
  let { usedUpTo } = account;
  for (const each of used) if (each.nonce === usedUpTo + 1n) usedUpTo += 1n;
  // Ids stay for a while after their nonce is settled: so the same transaction is known when it comes again.
  const from = usedUpTo - BigInt(NONCES_OPEN);
  return { ...account, used: used.filter((each) => each.nonce > from), usedUpTo };
}

/** Bytes that the state root covers. */
export function encodeAccount({ balance, publicKey, used, usedUpTo }: Account): Uint8Array {
  const writer = new Writer()
    .u128(balance)
    .bytes(publicKey ?? new Uint8Array())
    .u64(usedUpTo);
  writer.u32(used.length);
  for (const { nonce, id } of used) writer.u64(nonce).raw(bytesOfHex(id));
  return writer.done();
}

/** @throws Malformed */
export function decodeAccount(bytes: Uint8Array): Account {
  const reader = new Reader(bytes);
  const balance = reader.u128();
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES_MAX);
  if (publicKey.length > 0 && publicKey.length < PUBLIC_KEY_BYTES_MIN)
    throw new Malformed('a key is too short');
  const usedUpTo = reader.u64();
  const used = Array.from({ length: reader.count(2 * NONCES_OPEN) }, () => ({
    nonce: reader.u64(),
    id: hexOf(reader.raw(DIGEST_BYTES)),
  }));
  reader.end();
  return { balance, ...(publicKey.length === 0 ? {} : { publicKey }), used, usedUpTo };
}
