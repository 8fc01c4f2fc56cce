import { handler } from '@anarq/kernel';
import { closeRequest } from '../answering.ts';
import { qonsent } from '../contract.ts';
import { requests } from '../store.ts';

export const refuseRequest = handler(qonsent.refuseRequest, async ({ requestId, note }, ctx) => {
  const row = await ctx.rows(requests).require(requestId);
  return closeRequest(row, { answer: 'REFUSED', note }, ctx);
});
