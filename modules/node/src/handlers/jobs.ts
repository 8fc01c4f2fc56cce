import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { pageOf, shown } from '../cursor.ts';
import { jobView } from '../views.ts';

export const jobs = handler(node.jobs, async (input, ctx) => {
  const { tenant, subject } = ctx.call;
  const found = await ctx.services.processes.jobs(tenant, subject, pageOf(input));
  return shown(found, input, jobView);
});
