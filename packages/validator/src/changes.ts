import {
  accountIn,
  decodeEntry,
  Malformed,
  type ChainState,
  type Entry,
  type ExecutedCommit,
} from '@anarq/dag';
import type { OrderedData } from './types.ts';

/** What a commit put in order of `data` transactions, for whoever listens. */
export function dataOf(chainId: Uint8Array, executed: ExecutedCommit): readonly OrderedData[] {
  const found = new Map<string, OrderedData>();
  for (const { account, ids, transactions } of entriesOf(chainId, executed))
    for (const [at, id] of ids.entries()) {
      const action = transactions[at]?.action;
      if (action?.kind === 'data') found.set(id, { id, account, bytes: action.bytes });
    }
  if (found.size === 0) return [];
  return executed.receipts.flatMap(({ id, code }) => {
    const data = code === 'OK' ? found.get(id) : undefined;
    return data === undefined ? [] : [data];
  });
}

/** Accounts whose balance a commit may have changed. */
export function accountsIn(chainId: Uint8Array, executed: ExecutedCommit): ReadonlySet<string> {
  const accounts = new Set<string>();
  for (const { account, transactions } of entriesOf(chainId, executed)) {
    accounts.add(account);
    for (const { action } of transactions)
      if (action.kind === 'transfer' || action.kind === 'mint') accounts.add(action.to);
  }
  return accounts;
}

/** Those of these accounts whose balance is another one now. */
export function changesOf(
  accounts: Iterable<string>,
  before: ChainState,
  after: ChainState,
): readonly { readonly account: string; readonly balance: bigint }[] {
  return [...accounts].flatMap((account) => {
    const { balance } = accountIn(after, account);
    return balance === accountIn(before, account).balance ? [] : [{ account, balance }];
  });
}

function* entriesOf(chainId: Uint8Array, { commit }: ExecutedCommit): Generator<Entry> {
  for (const { entries } of commit.blocks)
    for (const bytes of entries) {
      try {
        yield decodeEntry(chainId, bytes);
      } catch (error) {
        // A liar may put anything into a block; it is not carried out.
        if (!(error instanceof Malformed)) throw error;
      }
    }
}
