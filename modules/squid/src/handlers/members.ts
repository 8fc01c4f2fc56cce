import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { denyControl, organisationOf } from '../control.ts';
import { memberView } from '../membership.ts';
import { memberId, members as memberTable } from '../store.ts';

export const members = handler(squid.members, async (input, ctx) => {
  const organisation = await organisationOf(ctx, input.organisation);
  const rows = ctx.rows(memberTable);
  const { subject } = ctx.call;
  if (subject !== organisation.controller && subject !== organisation.did) {
    const own = await rows.get(memberId(organisation.did, subject));
    if (own === undefined || !(await memberView(own, ctx)).inForce) denyControl(ctx, organisation);
  }
  const { items, next } = await rows.list({
    where: { organisation: organisation.did },
    limit: input.limit,
    cursor: input.cursor,
    of: 'tenant',
  });
  return {
    items: await Promise.all(items.map((row) => memberView(row, ctx))),
    ...(next === undefined ? {} : { next }),
  };
});
