import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { grantView } from '../grantView.ts';
import { involvedGrant } from '../parties.ts';

export const get = handler(qonsent.get, async (input, ctx) =>
  grantView(await involvedGrant(ctx, input.grant), ctx),
);
