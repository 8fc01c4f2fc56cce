import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

/** What the consumer does is its own commit; a letter that it took is one no more. */
export const retryDeadLetter = handler(node.retryDeadLetter, async (input, ctx) => ({
  taken: await ctx.services.events.retryDeadLetter(input.consumer, input.eventId),
}));
