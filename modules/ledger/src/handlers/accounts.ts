import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { listAccounts } from '../reading.ts';
import { accountView, limitOf, pageOf, readCursor } from '../views.ts';

export const accounts = handler(ledger.accounts, async (input, ctx) => {
  const limit = limitOf(input);
  const found = await listAccounts(ctx, {
    unit: input.unit,
    after: readCursor(input.cursor) ?? '',
    limit: limit + 1,
  });
  return pageOf(found, limit, accountView, ({ id }) => id);
});
