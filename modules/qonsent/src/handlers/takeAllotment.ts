import { handler } from '@anarq/kernel';
import { heldGrant } from '../allotting.ts';
import { qonsent } from '../contract.ts';

export const takeAllotment = handler(qonsent.takeAllotment, async (input, ctx) => {
  const grant = await heldGrant(ctx, input.grant);
  const { allotments, grants } = ctx.services;
  const { statements, state } = await allotments.prepareTake(input, grant, ctx.now_ms);
  ctx.carry(await grants.stillInForce(grant.leaf));
  ctx.carry(statements);
  return state;
});
