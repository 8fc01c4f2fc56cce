import { handler } from '@anarq/kernel';
import { qwallet } from '../contract.ts';
import { accounts } from '../store.ts';
import { accountView } from '../views.ts';

export const account = handler(qwallet.account, async ({ accountId }, ctx) =>
  accountView(ctx, await ctx.rows(accounts).require(accountId)),
);
