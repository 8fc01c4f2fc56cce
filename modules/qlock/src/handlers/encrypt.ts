import { fail } from '@anarq/common-schemas';
import { encryptTo, sealBytes } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { aadUnderKey, bytesIn, writeCiphertext } from '../ciphertext.ts';
import { qlock } from '../contract.ts';
import { assertKind, secretOf } from '../key.ts';
import { recipientKeysOf } from '../publicKey.ts';
import { keys, type KeyRow } from '../store.ts';

export const encrypt = handler(qlock.encrypt, async (input, ctx) => {
  const key = await ctx.rows(keys).require(input.keyId);
  assertKind(key, 'symmetric', 'recipient');
  const at = { tenant: ctx.call.tenant, keyId: key.id, version: key.current };
  const plain = bytesIn('plaintext', input.plaintext);
  const aad = aadUnderKey(at, bytesIn('aad', input.aad ?? ''));
  const sealed =
    key.kind === 'recipient'
      ? encryptTo(recipientKeysOf(publicKeyOf(key)), plain, aad)
      : sealBytes((await secretOf(ctx, key.id, key.current)) ?? lost(key), plain, aad);
  return {
    ciphertext: writeCiphertext({ form: 'key', keyId: key.id, version: key.current, sealed }),
    keyId: key.id,
    version: key.current,
  };
});

const publicKeyOf = (key: KeyRow): string => key.public_key ?? lost(key);

const lost = (key: KeyRow): never =>
  fail('INTERNAL', `The current version of ${key.id} is not in the store.`);
