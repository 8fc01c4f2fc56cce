import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { setStatus } from '../status.ts';
import { named } from '../stopping.ts';

export const start = handler(squid.start, async (input, ctx) =>
  setStatus(ctx, (await named(ctx, input.who)).did, 'active'),
);
