import { decodeDelegation } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { closeRequest } from '../answering.ts';
import { checkAskable, requireWithin, statementsOf } from '../askedTerms.ts';
import { budgetTerms, callTerms } from '../budgetTerms.ts';
import { qonsent } from '../contract.ts';
import { giverOf, issue, tokenOf } from '../issuing.ts';
import { requireKnown } from '../parties.ts';
import { requireOpen } from '../requestView.ts';
import { requests } from '../store.ts';

export const approveRequest = handler(qonsent.approveRequest, async (input, ctx) => {
  const row = await ctx.rows(requests).require(input.requestId);
  requireOpen(row, ctx.now_ms);
  await requireKnown(ctx, row.asker);
  const { proof, note, token: signed } = input;
  const audience = row.asker;
  // Never by the authority of a grant alone: whoever acts under one gives from it, and no more.
  const giver = giverOf(ctx.call, { proof, audience }, ctx.services.node.modules);
  const terms = narrowed(row.terms, input);
  checkAskable(terms);
  const token = await tokenOf({ audience, ...terms, proof, token: signed }, giver, ctx);
  const issued = await issue({ token, proof, giver, purpose: row.reason.slice(0, 256) }, ctx);
  if (issued.audience !== audience || issued.subject !== row.subject)
    fail(
      'GRANT_CHAIN_BROKEN',
      `${audience} asked for authority of ${row.subject}; this would give ${issued.audience} that of ${issued.subject}. Name the grant that is passed on as proof.`,
      { link: issued.grant },
    );
  const delegation = decodeDelegation(token);
  for (const limits of [row.terms, terms]) requireWithin(delegation, limits);
  closeRequest(row, { answer: 'APPROVED', grant: issued.grant, note }, ctx);
  return issued;
});

type Input = Parameters<typeof approveRequest>[0];
type Terms = Parameters<typeof requireWithin>[1];

/** What was asked for, within what the answer says beside it; the delegation is held to the same. */
function narrowed(asked: Terms, { policy, budget, calls, expiresAt }: Input): Terms {
  return {
    ...asked,
    policy: [...asked.policy, ...statementsOf(policy)],
    ...(budget === undefined ? {} : { budget: budgetTerms(budget) }),
    ...(calls === undefined ? {} : { calls: callTerms(calls) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
