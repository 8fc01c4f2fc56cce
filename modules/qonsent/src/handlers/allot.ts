import { handler } from '@anarq/kernel';
import { heldGrant } from '../allotting.ts';
import { qonsent } from '../contract.ts';

const LIFE_DEFAULT_MS = 3_600_000;

export const allot = handler(qonsent.allot, async (input, ctx) => {
  const grant = await heldGrant(ctx, input.grant);
  const { expiresAt, node: to, amount } = input;
  const expires_ms = expiresAt === undefined ? ctx.now_ms + LIFE_DEFAULT_MS : Date.parse(expiresAt);
  const { statements, allotment } = await ctx.services.allotments.prepareGive(grant, {
    id: ctx.id('allotment'),
    to,
    amount,
    expires_ms,
    now_ms: ctx.now_ms,
  });
  ctx.carry(await ctx.services.grants.stillInForce(grant.leaf));
  ctx.carry(statements);
  for (const { iss } of grant.links) ctx.party(iss);
  return allotment;
});
