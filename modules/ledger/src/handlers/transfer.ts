import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { readsOneOf } from '../access.ts';
import { ledger } from '../contract.ts';
import { readTransfers } from '../reading.ts';
import { transferView } from '../views.ts';

export const transfer = handler(ledger.transfer, async ({ transferId }, ctx) => {
  const found = (await readTransfers(ctx, [transferId])).get(transferId);
  if (found !== undefined && (await readsOneOf(ctx, [found.debitAccountId, found.creditAccountId])))
    return transferView(found);
  return fail('QINDEX_NOT_FOUND', `There is no transfer ${transferId} for you here.`, {
    id: transferId,
  });
});
