import { defineModule } from '@anarq/kernel';
import { qwallet } from './contract.ts';
import { account } from './handlers/account.ts';
import { accounts } from './handlers/accounts.ts';
import { capture } from './handlers/capture.ts';
import { createIntent } from './handlers/createIntent.ts';
import { fund } from './handlers/fund.ts';
import { giveBack } from './handlers/giveBack.ts';
import { intent } from './handlers/intent.ts';
import { intents } from './handlers/intents.ts';
import { openAccount } from './handlers/openAccount.ts';
import { pay } from './handlers/pay.ts';
import { payOut } from './handlers/payOut.ts';
import { quote } from './handlers/quote.ts';
import { refund } from './handlers/refund.ts';
import { reserve } from './handlers/reserve.ts';
import { setLimit } from './handlers/setLimit.ts';
import { voidIntent } from './handlers/void.ts';
import { intents as intentTable, migrations } from './store.ts';

export default defineModule(qwallet, {
  migrations,
  tables: [intentTable],
  handlers: {
    openAccount,
    account,
    accounts,
    setLimit,
    quote,
    createIntent,
    reserve,
    capture,
    payOut,
    giveBack,
    pay,
    void: voidIntent,
    refund,
    intent,
    intents,
    fund,
  },
});
