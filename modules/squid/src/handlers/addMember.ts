import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { administered, knownIdentity } from '../control.ts';
import { endGrant, memberView, purposeOf } from '../membership.ts';
import { termsOf } from '../roles.ts';
import { memberId, members } from '../store.ts';

export const addMember = handler(squid.addMember, async (input, ctx) => {
  const organisation = await administered(ctx, input.organisation);
  const member = await knownIdentity(ctx, input.member);
  if (member.status !== 'active' || organisation.status !== 'active')
    fail('STATE_CONFLICT', 'Organisation and member must be in force.', { state: 'suspended' });

  const rows = ctx.rows(members);
  const id = memberId(organisation.did, member.did);
  const current = await rows.get(id);
  if (current?.role === input.role && (await memberView(current, ctx)).inForce)
    fail('STATE_CONFLICT', `${member.did} has this role already.`, { state: input.role });

  const { identities, grants } = ctx.services;
  const token = grants.sign(
    {
      issuer: organisation.did,
      audience: member.did,
      subject: organisation.did,
      ...termsOf(input.role),
    },
    await identities.custodyKeys(organisation.did),
  );
  const prepared = await grants.prepareRegister({
    token,
    tenant: organisation.tenant,
    purpose: purposeOf(input.role),
    now_ms: ctx.now_ms,
  });
  const grant = prepared.grant.leaf;
  ctx.carry(identities.stillActive([organisation.did, member.did]));
  ctx.carry(prepared.statements);
  ctx.afterCommit(prepared.activate);
  const row = {
    id,
    owner: organisation.did,
    organisation: organisation.did,
    member: member.did,
    role: input.role,
    grant_cid: grant,
    since_ms: ctx.now_ms,
  };
  const seat = { organisation: organisation.did, member: member.did };
  if (current === undefined) rows.insert(row);
  else {
    endGrant(ctx, current.grant_cid);
    ctx.emit('q.squid.member.removed.v1', { ...seat, grant: current.grant_cid });
    rows.update(current, { role: row.role, grant_cid: grant, since_ms: row.since_ms });
  }
  ctx.emit('q.squid.member.added.v1', { ...seat, role: input.role, grant });
  ctx.party(member.did);
  ctx.party(organisation.did);
  return { member: member.did, role: input.role, grant, since: ctx.now, inForce: true };
});
