import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { stopIdentity } from '../stopping.ts';

export const stop = handler(squid.stop, (input, ctx) => stopIdentity(ctx, input.who));
