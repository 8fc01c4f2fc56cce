import { fail } from '@anarq/common-schemas';
import { fromBase64url } from '@anarq/crypto';
import { accountOf } from '@anarq/dag';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { prepared } from '../prepared.ts';

/** Of ML-DSA-65, FIPS 204 table 2. */
const PUBLIC_KEY_BYTES = 1_952;

export const createAccount = handler(contract.createAccount, ({ publicKey, nonce, fee }, ctx) => {
  const key = fromBase64url(publicKey);
  if (key.length !== PUBLIC_KEY_BYTES)
    fail('INPUT_INVALID', `An ML-DSA-65 key has ${PUBLIC_KEY_BYTES} bytes, not ${key.length}.`);
  return prepared(chainOf(ctx), {
    accountId: accountOf(key),
    actions: [{ kind: 'register', publicKey: key }],
    nonce,
    fee,
    notAfter: undefined,
    now_ms: ctx.now_ms,
  });
});
