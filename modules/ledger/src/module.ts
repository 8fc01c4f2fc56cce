import { defineModule } from '@anarq/kernel';
import { ledger } from './contract.ts';
import { account } from './handlers/account.ts';
import { accounts } from './handlers/accounts.ts';
import { balances } from './handlers/balances.ts';
import { books } from './handlers/books.ts';
import { createAccounts } from './handlers/createAccounts.ts';
import { createTransfers } from './handlers/createTransfers.ts';
import { transfer } from './handlers/transfer.ts';
import { transfers } from './handlers/transfers.ts';
import { migrations } from './store.ts';

export default defineModule(ledger, {
  migrations,
  handlers: {
    createAccounts,
    createTransfers,
    account,
    accounts,
    transfer,
    transfers,
    balances,
    books,
  },
});
