import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { jobView } from '../views.ts';

export const job = handler(node.job, async ({ jobId }, ctx) =>
  jobView(await ctx.services.processes.require(jobId)),
);
