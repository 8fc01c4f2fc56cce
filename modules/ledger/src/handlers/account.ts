import { handler } from '@anarq/kernel';
import { readableAccount } from '../access.ts';
import { ledger } from '../contract.ts';
import { accountView } from '../views.ts';

export const account = handler(ledger.account, async ({ accountId }, ctx) =>
  accountView(await readableAccount(ctx, accountId)),
);
