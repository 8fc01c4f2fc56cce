import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { tokens } from '../store.ts';

export const revokeToken = handler(squid.revokeToken, async (input, ctx) => {
  const issued = ctx.rows(tokens);
  const token = await issued.get(input.tokenId);
  if (token === undefined || token.agent !== input.agent)
    return fail('QINDEX_NOT_FOUND', `${input.agent} has no token ${input.tokenId} in force.`, {
      tokenId: input.tokenId,
    });
  const { tenant } = ctx.call;
  const { id, agent } = token;
  ctx.carry(ctx.services.sessions.prepareRevokeToken({ tenant, agent, id, now_ms: ctx.now_ms }));
  ctx.afterCommit(() => ctx.services.endings.tell());
  issued.remove(token);
  ctx.party(token.agent);
  return { tokenId: token.id, revokedAt: ctx.now };
});
