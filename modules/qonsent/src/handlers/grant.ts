import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { giverOf, tokenOf } from '../issuing.ts';
import { requireKnown } from '../parties.ts';

export const grant = handler(qonsent.grant, async (input, ctx) => {
  await requireKnown(ctx, input.audience);
  const giver = giverOf(ctx.call, input.proof);
  const { grants } = ctx.services;
  const prepared = await grants.prepareRegister({
    token: await tokenOf(input, giver, ctx),
    proof: input.proof,
    tenant: ctx.call.tenant,
    purpose: input.purpose ?? '',
    now_ms: ctx.now_ms,
  });
  const { leaf, chain, links, subject, audience, cmd, exp_s } = prepared.grant;
  const issuer = links[0]!.iss;
  if (issuer !== giver)
    fail('GRANT_CHAIN_BROKEN', `The token is issued by ${issuer}, the call is by ${giver}.`, {
      link: leaf,
    });
  if (audience !== input.audience || cmd !== input.command)
    fail('INPUT_INVALID', 'The token gives something else, or to somebody else, than the call says.', {
      token: { audience, command: cmd },
    });
  if (grants.isRevoked(leaf))
    fail('GRANT_REVOKED', undefined, { why: { grant: leaf, rule: 'the grant was revoked' } });
  if ((await grants.get(leaf)) !== undefined)
    fail('STATE_CONFLICT', 'This grant is registered already.', { grant: leaf, state: 'registered' });

  ctx.carry(prepared.statements);
  ctx.afterCommit(prepared.activate);
  ctx.emit('q.qonsent.grant.issued.v1', {
    grant: leaf,
    issuer,
    audience,
    subject,
    command: cmd,
    exp: exp_s ?? 0,
  });
  for (const did of [issuer, audience, subject]) ctx.party(did);
  return {
    grant: leaf,
    policyCid: chain.at(-1)!,
    scope: cmd,
    exp: exp_s ?? 0,
    issuer,
    audience,
    subject,
  };
});
