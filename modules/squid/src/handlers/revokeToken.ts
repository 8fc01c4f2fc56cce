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
  // The kernel's own table of tokens: the one that every call with a token is looked up in.
  ctx.write({
    name: `token ${token.id}`,
    sql: `UPDATE kernel_token SET revoked_ms = coalesce(revoked_ms, :now_ms)
          WHERE tenant = :tenant AND agent = :agent AND id = :id`,
    params: { now_ms: ctx.now_ms, agent: token.agent, id: token.id },
    expect: { changes: 1 },
  });
  issued.remove(token);
  ctx.party(token.agent);
  return { tokenId: token.id, revokedAt: ctx.now };
});
