import { defineModule } from '@anarq/kernel';
import { Books } from './books/books.ts';
import { checkLog } from './books/checkLog.ts';
import { copyBooks } from './books/copyBooks.ts';
import { ledger } from './contract.ts';
import { account } from './handlers/account.ts';
import { accounts } from './handlers/accounts.ts';
import { balances } from './handlers/balances.ts';
import { books } from './handlers/books.ts';
import { chart } from './handlers/chart.ts';
import { checkpoint } from './handlers/checkpoint.ts';
import { createAccounts } from './handlers/createAccounts.ts';
import { createTransaction } from './handlers/createTransaction.ts';
import { createBatch } from './handlers/createBatch.ts';
import { createTransfers } from './handlers/createTransfers.ts';
import { previewTransaction } from './handlers/previewTransaction.ts';
import { setTransactionMetadata } from './handlers/setTransactionMetadata.ts';
import { lookUp } from './handlers/lookUp.ts';
import { openConnection } from './handlers/openConnection.ts';
import { proveBalance } from './handlers/proveBalance.ts';
import { proveTransfer } from './handlers/proveTransfer.ts';
import { transaction } from './handlers/transaction.ts';
import { transactions } from './handlers/transactions.ts';
import { revertTransaction } from './handlers/revertTransaction.ts';
import { exportBooks } from './handlers/exportBooks.ts';
import { importBooks } from './handlers/importBooks.ts';
import { queryAccounts } from './handlers/queryAccounts.ts';
import { queryTransfers } from './handlers/queryTransfers.ts';
import { setAccountMetadata } from './handlers/setAccountMetadata.ts';
import { setChart } from './handlers/setChart.ts';
import { transfer } from './handlers/transfer.ts';
import { transfers } from './handlers/transfers.ts';
import { trialBalance } from './handlers/trialBalance.ts';
import { whatIf } from './handlers/whatIf.ts';
import { migrations } from './store.ts';

export default defineModule(ledger, {
  migrations,
  ownLog: { open: (place) => Books.open(place), copy: copyBooks, check: checkLog },
  handlers: {
    createAccounts,
    createTransfers,
    checkpoint,
    proveTransfer,
    proveBalance,
    createTransaction,
    previewTransaction,
    whatIf,
    revertTransaction,
    setTransactionMetadata,
    setAccountMetadata,
    transaction,
    transactions,
    account,
    accounts,
    transfer,
    transfers,
    balances,
    books,
    setChart,
    chart,
    trialBalance,
    queryAccounts,
    queryTransfers,
    exportBooks,
    importBooks,
    openConnection,
    createBatch,
    lookUp,
  },
});
