import { fail } from '@anarq/common-schemas';
import { fromBase64url } from '@anarq/crypto';
import { decodeEntry, encodeEntry, Malformed } from '@anarq/dag';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { faultModelOf } from '../views.ts';

/** What is handed in acts once, however often: so nothing is lost where this call is made again. */
export const submit = handler(contract.submit, async ({ entry, signature }, ctx) => {
  const chain = chainOf(ctx);
  const bytes = fromBase64url(entry);
  const signed =
    signature === undefined ? bytes : withSignature(chain.chainId, bytes, fromBase64url(signature));
  const ids = await chain.validator.submit(signed);
  return { transactionIds: [...ids], faultModel: faultModelOf(chain) };
});

/** @throws INPUT_INVALID */
function withSignature(chainId: Uint8Array, entry: Uint8Array, signature: Uint8Array): Uint8Array {
  try {
    return encodeEntry(decodeEntry(chainId, entry).transactions, signature);
  } catch (error) {
    if (error instanceof Malformed)
      return fail('INPUT_INVALID', `This is no entry of the chain: ${error.message}.`);
    throw error;
  }
}
