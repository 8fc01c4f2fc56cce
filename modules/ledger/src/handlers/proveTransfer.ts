import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { booksOf } from '../books/books.ts';
import { ledger } from '../contract.ts';
import { transferProofText } from '../proofs/wire.ts';
import { readableTransfer } from '../readableTransfer.ts';

export const proveTransfer = handler(ledger.proveTransfer, async ({ transferId }, ctx) => {
  const { entry } = await readableTransfer(ctx, transferId);
  const { signed } = booksOf(ctx);
  const proof = await signed.proveTransfer(entry.key);
  return proof === undefined
    ? fail('SERVICE_UNAVAILABLE', 'The transfer is not in a checkpoint yet.', {
        retryAfter_ms: 1_000,
      })
    : transferProofText(proof, signed.vkey);
});
