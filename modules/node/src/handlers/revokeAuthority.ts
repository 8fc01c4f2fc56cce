import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const revokeAuthority = handler(node.revokeAuthority, async ({ module }, ctx) => {
  const { statements, activate } = await ctx.services.processes.prepareAuthority(module, 'end');
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { module };
});
