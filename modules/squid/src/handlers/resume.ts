import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { setStatus } from '../status.ts';

export const resume = handler(squid.resume, (input, ctx) => setStatus(ctx, input.did, 'active'));
