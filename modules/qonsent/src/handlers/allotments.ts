import { handler } from '@anarq/kernel';
import { requireInvolved } from '../allotting.ts';
import { qonsent } from '../contract.ts';

export const allotments = handler(qonsent.allotments, async ({ grant }, ctx) => {
  await requireInvolved(ctx, grant);
  return { items: await ctx.services.allotments.of(grant) };
});
