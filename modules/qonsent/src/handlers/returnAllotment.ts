import { handler } from '@anarq/kernel';
import { requireInvolved } from '../allotting.ts';
import { qonsent } from '../contract.ts';

export const returnAllotment = handler(
  qonsent.returnAllotment,
  async ({ grant, allotmentId }, ctx) => {
    // Also of a grant that was revoked: what was not spent goes back all the same.
    await requireInvolved(ctx, grant);
    const { allotments } = ctx.services;
    const { statements, report } = await allotments.prepareClose(grant, allotmentId, ctx.now_ms);
    ctx.carry(statements);
    return report;
  },
);
