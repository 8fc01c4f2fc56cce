import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const cancelJob = handler(node.cancelJob, async ({ jobId }, ctx) => {
  const { processes } = ctx.services;
  const { kind, state } = await processes.require(jobId);
  if (kind !== 'job')
    fail('STATE_CONFLICT', 'It is no job; a caller waits for its answer.', { state });
  const { statements, activate } = await processes.prepareStop(jobId, 'CANCELLED');
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { jobId, state: 'STOPPING' as const };
});
