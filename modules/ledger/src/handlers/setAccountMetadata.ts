import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { accountNames } from '../store.ts';
import { changeMetadata } from '../transactions/metadata.ts';

export const setAccountMetadata = handler(ledger.setAccountMetadata, async (input, ctx) => {
  const rows = ctx.rows(accountNames);
  const row = await rows.require(input.accountId);
  // Of two changes at once the second is made on what the first left.
  rows.update(row, {});
  return { metadata: await changeMetadata(ctx, 'account', row.id, input) };
});
