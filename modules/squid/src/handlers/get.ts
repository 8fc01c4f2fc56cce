import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { knownIdentity } from '../control.ts';
import { identityView } from '../identityView.ts';

export const get = handler(squid.get, async (input, ctx) =>
  identityView(await knownIdentity(ctx, input.did), ctx.call.subject),
);
