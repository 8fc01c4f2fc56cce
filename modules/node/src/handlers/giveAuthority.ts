import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const giveAuthority = handler(node.giveAuthority, async ({ module }, ctx) => {
  const { statements, activate } = await ctx.services.processes.prepareAuthority(module, 'give');
  ctx.carry(statements);
  ctx.afterCommit(activate);
  return { module };
});
