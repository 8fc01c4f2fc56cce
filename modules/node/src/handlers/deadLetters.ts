import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const deadLetters = handler(node.deadLetters, async ({ consumer }, ctx) => {
  const found = await ctx.services.events.deadLetters(consumer);
  return {
    items: found.map(({ event_id, seq, reason, at_ms }) => ({
      eventId: event_id,
      seq,
      reason,
      at: new Date(at_ms).toISOString(),
    })),
  };
});
