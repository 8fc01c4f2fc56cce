import { handler } from '@anarq/kernel';
import { budgetStates, chainOf } from '../budgets.ts';
import { qonsent } from '../contract.ts';
import { involvedGrant } from '../parties.ts';

export const budget = handler(qonsent.budget, async (input, ctx) => {
  const { cid } = await involvedGrant(ctx, input.grant);
  const chain = await chainOf(ctx.services.grants, cid);
  return { grant: cid, budgets: await budgetStates(ctx.services, chain) };
});
