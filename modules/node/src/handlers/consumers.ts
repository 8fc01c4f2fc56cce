import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const consumers = handler(node.consumers, async (_input, ctx) => {
  const found = await ctx.services.events.consumers();
  return {
    items: found.map(({ consumer, seq, head, updated_ms, dead, isRunning }) => ({
      consumer,
      seq,
      behind: Math.max(0, head - seq),
      deadLetters: dead,
      isRunning,
      updatedAt: new Date(updated_ms).toISOString(),
    })),
  };
});
