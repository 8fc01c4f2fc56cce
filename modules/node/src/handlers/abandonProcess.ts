import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const abandonProcess = handler(node.abandonProcess, async ({ processId }, ctx) => {
  const { processes } = ctx.services;
  const { statements, activate } = await processes.prepareStop(processId, 'ABANDONED');
  const { subject } = await processes.require(processId);
  ctx.carry(statements);
  ctx.afterCommit(activate);
  // Whose call it was learns that it was given up.
  ctx.party(subject);
  return { processId, state: 'STOPPING' as const };
});
