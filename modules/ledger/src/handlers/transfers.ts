import { handler } from '@anarq/kernel';
import { readableAccount } from '../access.ts';
import { ledger } from '../contract.ts';
import { listTransfers } from '../reading.ts';
import { toTransfer } from '../store.ts';
import { limitOf, pageOf, readSeqCursor, transferView } from '../views.ts';

export const transfers = handler(ledger.transfers, async (input, ctx) => {
  await readableAccount(ctx, input.accountId);
  const limit = limitOf(input);
  const rows = await listTransfers(ctx, {
    accountId: input.accountId,
    side: input.side ?? 'both',
    newestFirst: input.newestFirst ?? false,
    after: readSeqCursor(input.cursor),
    limit: limit + 1,
  });
  return pageOf(
    rows,
    limit,
    (row) => transferView(toTransfer(row, ctx.now_ms)),
    (row) => String(row['seq']),
  );
});
