import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { readableTransfer } from '../readableTransfer.ts';
import { transferView } from '../views.ts';

export const transfer = handler(ledger.transfer, async ({ transferId }, ctx) =>
  transferView(await readableTransfer(ctx, transferId)),
);
