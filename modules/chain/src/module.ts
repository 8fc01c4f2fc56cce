import { defineModule } from '@anarq/kernel';
import { chain } from './contract.ts';
import { account } from './handlers/account.ts';
import { accountTransactions } from './handlers/accountTransactions.ts';
import { certificate } from './handlers/certificate.ts';
import { createAccount } from './handlers/createAccount.ts';
import { fees } from './handlers/fees.ts';
import { peers } from './handlers/peers.ts';
import { prepare } from './handlers/prepare.ts';
import { proveAccount } from './handlers/proveAccount.ts';
import { proveTransaction } from './handlers/proveTransaction.ts';
import { relay } from './handlers/relay.ts';
import { stats } from './handlers/stats.ts';
import { status } from './handlers/status.ts';
import { submit } from './handlers/submit.ts';
import { transaction } from './handlers/transaction.ts';
import { transactions } from './handlers/transactions.ts';
import { unwatch } from './handlers/unwatch.ts';
import { waitFor } from './handlers/waitFor.ts';
import { watch } from './handlers/watch.ts';
import { watches } from './handlers/watches.ts';
import { beginRelay, endRelay } from './relay/relays.ts';
import { cursors, migrations, watches as watchTable } from './store.ts';

/** Without a log of its own it has no chain, and says so; a node that keeps one gives it `chainLog`. */
export default defineModule(chain, {
  migrations,
  tables: [watchTable, cursors],
  handlers: {
    createAccount,
    account,
    accountTransactions,
    proveAccount,
    prepare,
    submit,
    transaction,
    waitFor,
    transactions,
    proveTransaction,
    status,
    peers,
    stats,
    fees,
    certificate,
    watch,
    unwatch,
    watches,
    relay,
  },
  onStart: beginRelay,
  onStop: endRelay,
});
