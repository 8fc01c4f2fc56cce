import { encryptTo as encryptToKeys } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { aadToIdentity, bytesIn, writeCiphertext } from '../ciphertext.ts';
import { qlock } from '../contract.ts';

export const encryptTo = handler(qlock.encryptTo, async (input, ctx) => {
  const { did, keys } = await ctx.services.identities.require(input.identity);
  const aad = aadToIdentity(did, bytesIn('aad', input.aad ?? ''));
  const sealed = encryptToKeys(keys, bytesIn('plaintext', input.plaintext), aad);
  return { ciphertext: writeCiphertext({ form: 'identity', identity: did, sealed }) };
});
