import { handler } from '@anarq/kernel';
import { requireInvolved } from '../allotting.ts';
import { qonsent } from '../contract.ts';

export const settleAllotment = handler(qonsent.settleAllotment, async (input, ctx) => {
  await requireInvolved(ctx, input.grant);
  const { statements, state } = await ctx.services.allotments.prepareSettle(input);
  ctx.carry(statements);
  return state;
});
