import { handler } from '@anarq/kernel';
import { budgetStates, chainOf } from '../budgets.ts';
import { qonsent } from '../contract.ts';
import { involvedGrant } from '../parties.ts';

export const budget = handler(qonsent.budget, async (input, ctx) => {
  const { cid } = await involvedGrant(ctx, input.grant);
  const { grants } = ctx.services;
  return { grant: cid, budgets: await budgetStates(grants, await chainOf(grants, cid)) };
});
