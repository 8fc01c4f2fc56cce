import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { transactionNames } from '../transactions/store.ts';
import { changeMetadata } from '../transactions/metadata.ts';

export const setTransactionMetadata = handler(ledger.setTransactionMetadata, async (input, ctx) => {
  const rows = ctx.rows(transactionNames);
  const row = await rows.require(input.transactionId);
  // Of two changes at once the second is made on what the first left.
  rows.update(row, {});
  return { metadata: await changeMetadata(ctx, 'transaction', row.id, input) };
});
