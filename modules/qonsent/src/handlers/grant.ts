import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qonsent } from '../contract.ts';
import { giverOf, tokenOf } from '../issuing.ts';
import { requireKnown } from '../parties.ts';
import { requireTermsOf } from '../tokenTerms.ts';

export const grant = handler(qonsent.grant, async (input, ctx) => {
  await requireKnown(ctx, input.audience);
  const giver = giverOf(ctx.call, input, ctx.services.node.modules);
  const { grants } = ctx.services;
  const token = await tokenOf(input, giver, ctx);
  const prepared = await grants.prepareRegister({
    token,
    proof: input.proof,
    tenant: ctx.call.tenant,
    purpose: input.purpose ?? '',
    now_ms: ctx.now_ms,
  });
  const { leaf, chain, links, subject, audience, cmd, exp_s } = prepared.grant;
  if (links[0]?.iss !== giver)
    fail(
      'GRANT_CHAIN_BROKEN',
      `The token is issued by ${links[0]?.iss}, the call is by ${giver}.`,
      {
        link: leaf,
      },
    );
  if (input.token !== undefined) requireTermsOf(input, token);
  if (await grants.isRevoked(leaf))
    fail('GRANT_REVOKED', undefined, { why: { grant: leaf, rule: 'the grant was revoked' } });
  if ((await grants.get(leaf)) !== undefined)
    fail('STATE_CONFLICT', 'This grant is registered already.', {
      grant: leaf,
      state: 'registered',
    });

  ctx.carry(prepared.statements);
  ctx.afterCommit(prepared.activate);
  ctx.emit('q.qonsent.grant.issued.v1', {
    grant: leaf,
    issuer: giver,
    audience,
    subject,
    command: cmd,
    exp: exp_s ?? 0,
  });
  for (const did of [giver, audience, subject]) ctx.party(did);
  return {
    grant: leaf,
    policyCid: chain.at(-1) ?? leaf,
    scope: cmd,
    exp: exp_s ?? 0,
    issuer: giver,
    audience,
    subject,
  };
});
