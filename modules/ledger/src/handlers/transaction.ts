import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';
import { readableTransaction, transactionView } from '../transactions/read.ts';

export const transaction = handler(ledger.transaction, async ({ transactionId }, ctx) =>
  transactionView(await readableTransaction(ctx, transactionId)),
);
