import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { processView } from '../views.ts';

export const process = handler(node.process, async ({ processId }, ctx) => {
  const view = processView(await ctx.services.processes.require(processId));
  const steps = await ctx.services.processes.steps(processId);
  return {
    ...view,
    steps: steps.map(({ undo, ...step }) => ({ ...step, ...(undo === undefined ? {} : { undo }) })),
  };
});
