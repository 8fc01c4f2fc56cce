import { fail } from '@anarq/common-schemas';
import { handler, type IdentityRecord } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { denyControl, knownIdentity, speaksFor } from '../control.ts';
import { tokens } from '../store.ts';

const LIFE_MAX_MS = 90 * 24 * 3_600_000;

export const issueToken = handler(squid.issueToken, async (input, ctx) => {
  const agent = await knownIdentity(ctx, input.agent);
  // A token carries another grant than the caller's own: no part of an authority gives it out.
  if (!(await speaksFor(ctx, agent.controller))) denyControl(ctx, agent);
  checkBearer(agent);
  const { grants, identities, sessions } = ctx.services;
  if (await grants.isRevoked(input.grant))
    fail('GRANT_REVOKED', undefined, {
      why: { grant: input.grant, rule: 'the grant was revoked' },
    });
  const grant = await grants.active(input.grant);
  if (grant === undefined || grant.audience !== agent.did)
    return fail('QINDEX_NOT_FOUND', `There is no such grant in force for ${agent.did}.`, {
      grant: input.grant,
    });

  const grantEnds_ms = grant.exp_s === null ? Infinity : grant.exp_s * 1000;
  const latest_ms = Math.min(grantEnds_ms, ctx.now_ms + LIFE_MAX_MS);
  const expires_ms = input.expiresAt === undefined ? latest_ms : Date.parse(input.expiresAt);
  if (!(expires_ms > ctx.now_ms)) fail('GRANT_EXPIRED', 'The token would have ended already.');
  if (expires_ms > latest_ms)
    fail('LIMIT_EXCEEDED', 'A token lives 90 days at most, and not longer than its grant.', {
      limit: new Date(latest_ms).toISOString(),
    });

  const { id, token, statements } = sessions.prepareToken({
    tenant: agent.tenant,
    agent: agent.did,
    grant: grant.leaf,
    expires_ms,
    now_ms: ctx.now_ms,
  });
  ctx.carry([...identities.stillActive([agent.did]), ...(await grants.stillInForce(grant.leaf))]);
  ctx.carry(statements);
  ctx.rows(tokens).insert({ id, agent: agent.did, grant_cid: grant.leaf, expires_ms });
  ctx.party(agent.did);
  return { tokenId: id, token, expiresAt: new Date(expires_ms).toISOString() };
});

/** A bearer token is the node acting with keys it keeps: nobody else's, and nobody's own root. */
function checkBearer(agent: IdentityRecord): void {
  if (agent.custody !== 'node') fail('CUSTODY_REFUSED', undefined, { identity: agent.did });
  if (agent.kind !== 'agent' && agent.parent === undefined)
    fail('STATE_CONFLICT', 'Tokens are for agents and sub-identities.', { state: agent.kind });
  if (agent.status !== 'active')
    fail('STATE_CONFLICT', 'The agent is suspended.', { state: agent.status });
}
