import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { proofView } from '../proofView.ts';

export const proveAccount = handler(contract.proveAccount, ({ accountId }, ctx) => {
  const chain = chainOf(ctx);
  const proof = chain.validator.accountProof(accountId);
  if (proof !== undefined) return proofView(chain, proof);
  if (chain.validator.account(accountId) === undefined)
    return fail('QINDEX_NOT_FOUND', `The chain knows no account ${accountId}.`);
  return fail('STATE_CONFLICT', 'No certificate covers this account yet: ask again in a second.');
});
