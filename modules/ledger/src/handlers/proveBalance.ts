import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { readableAccount } from '../accounts.ts';
import { booksOf } from '../books/books.ts';
import { ledger } from '../contract.ts';
import { balanceProofText } from '../proofs/wire.ts';

export const proveBalance = handler(ledger.proveBalance, async ({ accountId }, ctx) => {
  const { entry } = await readableAccount(ctx, accountId);
  const { signed } = booksOf(ctx);
  const proof = await signed.proveBalance(entry.key);
  if (proof === undefined)
    return fail('SERVICE_UNAVAILABLE', 'The account changed since the last checkpoint.', {
      retryAfter_ms: 1_000,
    });
  return balanceProofText(proof, signed.vkey);
});
