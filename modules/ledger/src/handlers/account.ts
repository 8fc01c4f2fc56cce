import { handler } from '@anarq/kernel';
import { accountViewOf } from '../accountViews.ts';
import { readableAccount, standingAt } from '../accounts.ts';
import { ledger } from '../contract.ts';
import { pastInstant } from '../instants.ts';

export const account = handler(ledger.account, async ({ accountId, asOf }, ctx) => {
  const found = await readableAccount(ctx, accountId);
  return accountViewOf(
    ctx,
    asOf === undefined ? found : await standingAt(ctx, found, pastInstant(asOf, ctx.now_ms)),
  );
});
