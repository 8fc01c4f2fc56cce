import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';
import { pageOf, shown } from '../cursor.ts';
import { processView } from '../views.ts';

export const processes = handler(node.processes, async (input, ctx) => {
  const found = await ctx.services.processes.open({
    onlyAttention: input.only === 'NEEDS_ATTENTION',
    ...pageOf(input),
  });
  return shown(found, input, processView);
});
