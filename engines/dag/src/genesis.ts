import { BALANCE_MAX, NOBODY, type Account } from './account.ts';
import { Writer } from './bytes.ts';
import { committeeDigest, committeeOf, type Committee } from './committee.ts';
import type { Executed } from './order.ts';
import { bytesOfHex, digestOf } from './hash.ts';
import type { ChainState } from './state.ts';
import { PUBLIC_KEY_BYTES_MIN } from './transaction.ts';
import { lookUp, withValue, type Trie } from './trie.ts';

/** How a chain begins; its id follows from this, so nobody can take another chain for it. */
export interface Genesis {
  readonly name: string;
  readonly time_ms: number;
  readonly validators: readonly Uint8Array[];
  /** Account that may mint and name validators. */
  readonly authority: string;
  /** Account that gets the fees. */
  readonly treasury: string;
  readonly fee_min: bigint;
  /** Accounts that have money, or a key, from the beginning. */
  readonly accounts: readonly {
    readonly id: string;
    readonly balance: bigint;
    readonly publicKey?: Uint8Array;
  }[];
}

export function chainIdOf(genesis: Genesis): Uint8Array {
  const writer = new Writer()
    .bytes(new TextEncoder().encode(genesis.name))
    .time_ms(genesis.time_ms)
    .raw(committeeDigest(genesis.validators))
    .raw(bytesOfHex(genesis.authority))
    .raw(bytesOfHex(genesis.treasury))
    .u128(genesis.fee_min)
    .u32(genesis.accounts.length);
  for (const { id, balance, publicKey } of genesis.accounts)
    writer
      .raw(bytesOfHex(id))
      .u128(balance)
      .bytes(publicKey ?? new Uint8Array());
  return digestOf('genesis', writer.done());
}

/** What the first epoch begins with. @throws RangeError where an account stands twice, or has more than there can be */
export function beginningOf(genesis: Genesis): {
  readonly committee: Committee;
  readonly executed: Executed;
} {
  const chainId = chainIdOf(genesis);
  let accounts: Trie<Account>;
  let supply = 0n;
  for (const { id, balance, publicKey } of genesis.accounts) {
    if (lookUp(accounts, id) !== undefined) throw new RangeError(`account ${id} stands twice`);
    const account = { ...NOBODY, balance, ...(publicKey === undefined ? {} : { publicKey }) };
    accounts = withValue(accounts, id, account);
    if (publicKey !== undefined && publicKey.length < PUBLIC_KEY_BYTES_MIN)
      throw new RangeError(`the key of account ${id} is too short`);
    if (balance < 0n || (supply += balance) > BALANCE_MAX)
      throw new RangeError('the balances are more than there can be');
  }
  const { authority, treasury, fee_min, validators, time_ms } = genesis;
  const state: ChainState = {
    accounts,
    supply,
    authority,
    treasury,
    fee_min,
    nextValidators: validators,
  };
  return {
    committee: committeeOf(chainId, 0, validators, chainId),
    executed: {
      state,
      seq: 0,
      commits: 0,
      commitDigest: chainId,
      checkpoint_ms: time_ms,
      epochBegan_ms: time_ms,
      offenders: [],
      next: { round: 1, offset: 0 },
      recent: [],
    },
  };
}
