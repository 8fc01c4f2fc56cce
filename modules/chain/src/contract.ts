import { contract } from '@anarq/common-schemas';
import { accountOperations } from './contract/accounts.ts';
import { networkOperations } from './contract/network.ts';
import { transactionOperations } from './contract/transactions.ts';
import { watchEvents, watchOperations } from './contract/watches.ts';

/** A post-quantum chain: accounts, transactions with receipts that are proved offline, and its network. */
export const chain = contract({
  name: 'chain',
  version: '1.0.0',
  title: 'Chain',
  purpose: 'Accounts and transactions that several nodes order and certify, without trust in one.',
  // Where the QuDAG specification has them.
  alsoUnder: '/api/v1',
  operations: {
    ...accountOperations,
    ...transactionOperations,
    ...networkOperations,
    ...watchOperations,
  },
  events: watchEvents,
  policies: {
    retention: { watch: { period: 'P10Y', atEnd: 'DELETE' } },
  },
});
