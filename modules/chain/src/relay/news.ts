import type { ArchivedTransaction } from '@anarq/chain-store';
import type { ChainNode } from '../chain/chainNode.ts';
import { ERROR_OF } from '../codes.ts';

/** DIDs of those who watch an account, by its id. */
export type Watchers = ReadonlyMap<string, readonly string[]>;

/** Accounts that a transaction is told to: of who made it, and of whom it pays. */
function accountsOf({ transaction }: ArchivedTransaction): readonly string[] {
  const { account, action } = transaction;
  const isPaid = action.kind === 'transfer' || action.kind === 'mint';
  return isPaid && action.to !== account ? [account, action.to] : [account];
}

/** One member of a payload for each watcher of each account. */
const toldOf = (watchers: Watchers, found: ArchivedTransaction) =>
  accountsOf(found).flatMap((accountId) =>
    (watchers.get(accountId) ?? []).map((watcher) => ({
      watcher,
      accountId,
      transactionId: found.id,
      nonce: String(found.transaction.nonce),
      commit: found.position.commit,
    })),
  );

/** What is to be told of transactions that were carried out. */
export function confirmedNews(
  chain: ChainNode,
  watchers: Watchers,
  transactions: readonly ArchivedTransaction[],
) {
  const done = transactions.filter(({ receipt }) => receipt.code === 'OK');
  const touched = new Map<string, number>();
  const { treasury } = chain.validator.chain();
  for (const found of done)
    for (const account of [...accountsOf(found), treasury])
      touched.set(account, found.position.commit);
  return {
    confirmed: done.flatMap((found) => toldOf(watchers, found)),
    rejected: transactions.flatMap((found) => {
      const { code } = found.receipt;
      if (code === 'OK') return [];
      const why = { rejection: code, error: ERROR_OF[code] };
      return toldOf(watchers, found).map((told) => ({ ...told, ...why }));
    }),
    balances: [...touched].flatMap(([accountId, commit]) => {
      const balance = String(chain.validator.account(accountId)?.balance ?? 0n);
      const of = watchers.get(accountId) ?? [];
      return of.map((watcher) => ({ watcher, accountId, balance, commit }));
    }),
  };
}

/** What is to be told of transactions that a certificate covers. */
export const finalNews = (watchers: Watchers, transactions: readonly ArchivedTransaction[]) =>
  transactions
    .filter(({ receipt }) => receipt.code === 'OK')
    .flatMap((found) =>
      toldOf(watchers, found).map((told) => ({ ...told, checkpoint: found.seq ?? 0 })),
    );
