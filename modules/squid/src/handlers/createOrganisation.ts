import { call, process } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { founder } from '../control.ts';

export const createOrganisation = process(squid.createOrganisation, async (input, ctx) => {
  await founder(ctx);
  const { did, custody, controller, document } = await ctx.step(
    'identity',
    squid.registerOrganisation,
    input,
    { undo: (made) => call(squid.suspend, { did: made.did }) },
  );
  const organisation = { did, custody, controller, document };
  // Who holds the keys of the organisation signs the delegations itself.
  if (custody === 'self') return organisation;
  const { grant } = await ctx.step('founder', squid.addMember, {
    organisation: did,
    member: controller,
    role: 'admin',
  });
  return { ...organisation, grant };
});
