import { fail } from '@anarq/common-schemas';
import { decryptFrom, toBase64url } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { aadToIdentity, bytesIn, opening, readCiphertext } from '../ciphertext.ts';
import { qlock } from '../contract.ts';

export const decryptOwn = handler(qlock.decryptOwn, async (input, ctx) => {
  const me = ctx.call.subject;
  const ciphertext = readCiphertext(input.ciphertext);
  if (ciphertext.form !== 'identity' || ciphertext.identity !== me)
    return fail('DECRYPTION_FAILED', 'This was not encrypted to you.');
  const keys = await ctx.services.identities.custodyKeys(me);
  const aad = aadToIdentity(me, bytesIn('aad', input.aad ?? ''));
  return { plaintext: toBase64url(opening(() => decryptFrom(keys, ciphertext.sealed, aad))) };
});
