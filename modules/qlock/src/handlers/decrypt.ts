import { fail } from '@anarq/common-schemas';
import { decryptFrom, openBytes, toBase64url } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { aadUnderKey, bytesIn, opening, readCiphertext } from '../ciphertext.ts';
import { qlock } from '../contract.ts';
import { assertKind, secretOf } from '../key.ts';
import { recipientKeys } from '../keyMaterial.ts';
import { keys } from '../store.ts';

export const decrypt = handler(qlock.decrypt, async (input, ctx) => {
  const key = await ctx.rows(keys).require(input.keyId);
  assertKind(key, 'symmetric', 'recipient');
  const ciphertext = readCiphertext(input.ciphertext);
  if (ciphertext.form !== 'key' || ciphertext.keyId !== key.id)
    return fail('DECRYPTION_FAILED', 'The ciphertext names another key.');
  const { version, sealed } = ciphertext;
  const secret = await secretOf(ctx, key.id, version);
  if (secret === undefined)
    return fail('DECRYPTION_FAILED', 'The key has no such version.', { version });
  const at = { tenant: ctx.call.tenant, keyId: key.id, version };
  const aad = aadUnderKey(at, bytesIn('aad', input.aad ?? ''));
  const plain = opening(() =>
    key.kind === 'recipient'
      ? decryptFrom(recipientKeys(secret), sealed, aad)
      : openBytes(secret, sealed, aad),
  );
  return { plaintext: toBase64url(plain), version };
});
