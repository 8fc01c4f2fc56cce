import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const profile = handler(node.profile, async ({ seconds }, ctx) => {
  const { file, hot } = await ctx.services.watch.profile(seconds);
  return { file, hot: [...hot] };
});
