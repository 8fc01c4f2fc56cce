import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { readableAccount } from '../access.ts';
import { ACCOUNT_FLAGS } from '../account.ts';
import { ledger } from '../contract.ts';
import { listBalances } from '../reading.ts';
import { balanceView, limitOf, pageOf, readSeqCursor } from '../views.ts';

export const balances = handler(ledger.balances, async (input, ctx) => {
  const account = await readableAccount(ctx, input.accountId);
  if ((account.flags & ACCOUNT_FLAGS.history) === 0)
    fail('STATE_CONFLICT', 'The account was opened without history; list its transfers instead.', {
      state: 'no history',
      accountId: account.id,
    });
  const limit = limitOf(input);
  const rows = await listBalances(ctx, {
    accountId: account.id,
    newestFirst: input.newestFirst ?? false,
    after: readSeqCursor(input.cursor),
    limit: limit + 1,
  });
  return pageOf(
    rows,
    limit,
    (row) => balanceView(row, account.unit),
    (row) => String(row['seq']),
  );
});
