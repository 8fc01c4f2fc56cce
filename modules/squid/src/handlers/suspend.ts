import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { setStatus } from '../status.ts';

export const suspend = handler(squid.suspend, (input, ctx) =>
  setStatus(ctx, input.did, 'suspended'),
);
