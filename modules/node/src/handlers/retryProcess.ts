import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const retryProcess = handler(node.retryProcess, async ({ processId }, ctx) => {
  const { statements, activate } = await ctx.services.processes.prepareRetry(processId);
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { processId, state: 'RUNNING' as const };
});
