import { handler } from '@anarq/kernel';
import { heldGrant } from '../budgets.ts';
import { squid } from '../contract.ts';

const GRANTS_MAX = 200;

export const activeContext = handler(squid.activeContext, async (_input, ctx) => {
  const { actor, root, subject, tenant, kind, signedBy, boundGrant } = ctx.call;
  const { grants } = ctx.services;
  // A token has one grant, whatever else its agent was given.
  const bound = boundGrant === undefined ? undefined : await grants.get(boundGrant);
  const held =
    bound === undefined ? await grants.involving(tenant, actor, { limit: GRANTS_MAX }) : [bound];
  const now_s = ctx.now_ms / 1000;
  const inForce = [];
  for (const record of held) {
    if (record.audience !== actor) continue;
    const grant = await grants.active(record.cid);
    if (grant !== undefined && (grant.exp_s ?? Infinity) >= now_s) inForce.push(record);
  }
  return {
    actor,
    root,
    subject,
    tenant,
    kind,
    signedBy,
    grants: await Promise.all(inForce.map((record) => heldGrant(grants, record))),
  };
});
