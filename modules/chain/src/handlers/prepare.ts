import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { prepared } from '../prepared.ts';
import { actionOf } from '../views.ts';

export const prepare = handler(contract.prepare, (input, ctx) => {
  const { accountId, actions, nonce, fee, notAfter } = input;
  return prepared(chainOf(ctx), {
    accountId,
    actions: actions.map(actionOf),
    nonce,
    fee,
    notAfter,
    now_ms: ctx.now_ms,
  });
});
