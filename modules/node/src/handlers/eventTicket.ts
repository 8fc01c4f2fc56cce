import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

export const eventTicket = handler(node.eventTicket, async (_input, ctx) => {
  const { ticket, expires_ms } = ctx.eventTicket();
  return { ticket, expiresAt: new Date(expires_ms).toISOString() };
});
