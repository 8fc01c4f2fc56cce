import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { base64urlOfHex, faultModelOf } from '../views.ts';

export const account = handler(contract.account, ({ accountId }, ctx) => {
  const chain = chainOf(ctx);
  const found = chain.validator.account(accountId);
  if (found === undefined)
    return fail('QINDEX_NOT_FOUND', `The chain knows no account ${accountId}.`);
  const { balance, nonce, publicKey } = found;
  return {
    accountId,
    balance: String(balance),
    nonce: String(nonce),
    ...(publicKey === undefined ? {} : { publicKey: base64urlOfHex(publicKey) }),
    faultModel: faultModelOf(chain),
  };
});
