import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { callers, involvedGrant } from '../parties.ts';

export const revoke = handler(qonsent.revoke, async (input, ctx) => {
  const { cid, issuer, audience, subject, revoked_ms } = await involvedGrant(ctx, input.grant);
  const mine = callers(ctx);
  if (!mine.has(issuer) && !mine.has(subject)) {
    const rule = `only ${issuer} and ${subject} may revoke ${cid}`;
    fail('QONSENT_DENIED', `${ctx.call.operation} is refused: ${rule}.`, {
      why: { grant: cid, rule, changeableBy: issuer },
      operation: ctx.call.operation,
    });
  }
  if (revoked_ms !== undefined)
    return { grant: cid, revokedAt: new Date(revoked_ms).toISOString() };

  const { statements, activate } = ctx.services.grants.prepareRevoke(cid, ctx.now_ms);
  ctx.carry(statements);
  ctx.afterCommit(() => void activate());
  ctx.emit('q.qonsent.revoked.v1', { grant: cid, issuer, audience, subject });
  for (const did of [issuer, audience, subject]) ctx.party(did);
  return { grant: cid, revokedAt: ctx.now };
});
