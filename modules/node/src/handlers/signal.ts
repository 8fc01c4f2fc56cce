import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const signal = handler(node.signal, async ({ processId, name, payload }, ctx) => {
  const { statements, activate } = await ctx.services.processes.prepareSignal(
    processId,
    name,
    payload,
  );
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { processId, name };
});
