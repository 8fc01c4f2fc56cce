import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { closeRequest } from '../answering.ts';
import { qonsent } from '../contract.ts';
import { requests } from '../store.ts';

export const withdrawRequest = handler(qonsent.withdrawRequest, async ({ requestId }, ctx) => {
  const row = await ctx.rows(requests).get(requestId);
  if (row === undefined || row.asker !== ctx.call.actor)
    return fail('QINDEX_NOT_FOUND', `There is no request ${requestId} of yours here.`, {
      request: requestId,
    });
  return closeRequest(row, { answer: 'WITHDRAWN' }, ctx);
});
