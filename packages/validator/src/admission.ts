import { fail } from '@anarq/common-schemas';
import {
  accountIn,
  accountOf,
  decodeEntry,
  ENTRY_BYTES_MAX,
  EXPIRY_MAX_ms,
  Malformed,
  NONCES_OPEN,
  type ChainState,
  type Entry,
  type Transaction,
} from '@anarq/dag';

/** How far the chain may be behind the clock of this node. */
const CLOCKS_APART_ms = 10_000;
/** Of ML-DSA-65, FIPS 204 table 2. */
const PUBLIC_KEY_BYTES = 1_952;

/** Reads an entry that somebody hands in. @throws QError INPUT_TOO_LARGE, INPUT_INVALID */
export function readEntry(chainId: Uint8Array, bytes: Uint8Array): Entry {
  if (bytes.length > ENTRY_BYTES_MAX)
    fail('INPUT_TOO_LARGE', `an entry has at most ${ENTRY_BYTES_MAX} bytes, not ${bytes.length}`);
  try {
    return decodeEntry(chainId, bytes);
  } catch (error) {
    if (error instanceof Malformed) fail('INPUT_INVALID', `this is no entry: ${error.message}`);
    throw error;
  }
}

/** The key that an entry must be signed with. @throws QError INPUT_INVALID where the account has none */
export function keyFor(state: ChainState, { account, transactions }: Entry): Uint8Array {
  const { publicKey } = accountIn(state, account);
  if (publicKey !== undefined) return publicKey;
  const action = transactions[0]?.action;
  if (action?.kind === 'register' && accountOf(action.publicKey) === account)
    return action.publicKey;
  return fail(
    'INPUT_INVALID',
    `account ${account} has no key yet: its first transaction registers the key that its id follows from`,
    { account },
  );
}

/**
 * Refuses what would be refused in its place in the order too, as far as that can be told now.
 * @param ahead the highest nonce of the account that is under way here
 * @throws QError
 */
export function checkRoughly(state: ChainState, entry: Entry, ahead: bigint, now_ms: number): void {
  const account = accountIn(state, entry.account);
  const from = ahead > account.usedUpTo ? ahead : account.usedUpTo;
  let needed = 0n;
  for (const [at, transaction] of entry.transactions.entries()) {
    const { nonce, fee, notAfter_ms } = transaction;
    const id = entry.ids[at] ?? '';
    const details = { id, account: entry.account, nonce: String(nonce) };
    const use = account.used.find((each) => each.nonce === nonce);
    if (use?.id === id) continue;
    if (use !== undefined || nonce <= account.usedUpTo)
      fail(
        'STATE_CONFLICT',
        `nonce ${nonce} is used: the next free one is above ${account.usedUpTo}`,
        details,
      );
    // Of one entry each makes room for the next.
    if (nonce > from + BigInt(NONCES_OPEN + at))
      fail(
        'LIMIT_EXCEEDED',
        `nonce ${nonce} is more than ${NONCES_OPEN} ahead of ${from}`,
        details,
      );
    if (notAfter_ms < now_ms) fail('TIME_EXPIRED', 'notAfter has passed', details);
    if (notAfter_ms > now_ms + EXPIRY_MAX_ms + CLOCKS_APART_ms)
      fail('INPUT_INVALID', `notAfter is more than ${EXPIRY_MAX_ms} ms ahead`, details);
    if (fee < state.fee_min)
      fail('INPUT_INVALID', `the fee is at least ${state.fee_min}, not ${fee}`, details);
    for (const key of keysOf(transaction))
      if (key.length !== PUBLIC_KEY_BYTES)
        fail(
          'INPUT_INVALID',
          `an ML-DSA-65 key has ${PUBLIC_KEY_BYTES} bytes, not ${key.length}`,
          details,
        );
    needed += fee + amountOf(transaction);
  }
  if (needed > account.balance)
    fail(
      'INSUFFICIENT_FUNDS',
      `account ${entry.account} has ${account.balance}, and needs ${needed}`,
      {
        account: entry.account,
        balance: String(account.balance),
        needed: String(needed),
      },
    );
}

/** With another one an account, or the place of a validator, is lost for good. */
const keysOf = ({ action }: Transaction): readonly Uint8Array[] => {
  switch (action.kind) {
    case 'register':
    case 'changeKey':
      return [action.publicKey];
    case 'setValidators':
      return action.publicKeys;
    case 'transfer':
    case 'mint':
    case 'burn':
    case 'data':
      return [];
  }
};

const amountOf = ({ action }: Transaction): bigint =>
  action.kind === 'transfer' || action.kind === 'burn' ? action.amount : 0n;
