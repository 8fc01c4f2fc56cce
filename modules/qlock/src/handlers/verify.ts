import type { InputOf } from '@anarq/common-schemas';
import { CryptoError, fromBase64url, verifyHybrid } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { qlock } from '../contract.ts';
import { verifyingKeysOf } from '../publicKey.ts';
import { SIGN_DOMAIN, signedBytes } from '../signature.ts';

/** The last millisecond of the year 9999, where RFC 3339 ends. */
const INSTANT_MS_MAX = 253_402_300_799_999;

export const verify = handler(qlock.verify, (input) => {
  const { signature, pub } = input;
  if (signature.alg !== 'Ed25519+ML-DSA-65')
    return bad('One half of a hybrid signature is not enough; both are needed.');
  if (pub !== undefined && pub !== signature.pub) return bad('It was made with another key.');
  if (signature.ts > INSTANT_MS_MAX) return bad('Its time is no instant.');
  if (!isGood(input)) return bad('It does not belong to this domain, message, time and key.');
  return { valid: true, signedAt: new Date(signature.ts).toISOString() };
});

const bad = (reason: string) => ({ valid: false, reason });

function isGood({ domain, message, signature }: InputOf<typeof qlock.verify>): boolean {
  try {
    const signed = signedBytes({
      domain,
      ts: signature.ts,
      nonce: fromBase64url(signature.nonce),
      message: fromBase64url(message),
    });
    const keys = verifyingKeysOf(signature.pub);
    return verifyHybrid(keys, SIGN_DOMAIN, signed, fromBase64url(signature.sig));
  } catch (error) {
    // What is not readable as a key or as bytes was not signed.
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
