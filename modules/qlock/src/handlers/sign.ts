import { fail } from '@anarq/common-schemas';
import { randomBytes, signHybrid, toBase64url } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { bytesIn } from '../ciphertext.ts';
import { qlock } from '../contract.ts';
import { assertKind, secretOf } from '../key.ts';
import { signingKeys } from '../keyMaterial.ts';
import { NONCE_BYTES, SIGN_DOMAIN, signedBytes } from '../signature.ts';
import { keys } from '../store.ts';

export const sign = handler(qlock.sign, async (input, ctx) => {
  const key = await ctx.rows(keys).require(input.keyId);
  assertKind(key, 'signing');
  const secret = await secretOf(ctx, key.id, key.current);
  if (secret === undefined || key.public_key === null)
    return fail('INTERNAL', `The current version of ${key.id} is not in the store.`);
  const ts = ctx.now_ms;
  const nonce = randomBytes(NONCE_BYTES);
  const message = bytesIn('message', input.message);
  const signed = signedBytes({ domain: input.domain, ts, nonce, message });
  return {
    alg: 'Ed25519+ML-DSA-65' as const,
    pub: key.public_key,
    sig: toBase64url(signHybrid(signingKeys(secret), SIGN_DOMAIN, signed)),
    ts,
    nonce: toBase64url(nonce),
  };
});
