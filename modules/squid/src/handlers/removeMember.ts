import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { administered } from '../control.ts';
import { endGrant } from '../membership.ts';
import { memberId, members } from '../store.ts';

export const removeMember = handler(squid.removeMember, async (input, ctx) => {
  const organisation = await administered(ctx, input.organisation);
  const rows = ctx.rows(members);
  const row = await rows.get(memberId(organisation.did, input.member));
  if (row === undefined)
    return fail('QINDEX_NOT_FOUND', `${input.member} is no member of ${organisation.did}.`, {
      member: input.member,
    });
  endGrant(ctx, row.grant_cid);
  rows.remove(row);
  const { member, grant_cid: grant } = row;
  ctx.emit('q.squid.member.removed.v1', { organisation: organisation.did, member, grant });
  ctx.party(member);
  ctx.party(organisation.did);
  return { member, grant, removedAt: ctx.now };
});
