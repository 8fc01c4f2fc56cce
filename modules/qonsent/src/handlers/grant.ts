import { handler } from '@anarq/kernel';
import { budgetTerms, callTerms } from '../budgetTerms.ts';
import { qonsent } from '../contract.ts';
import { giverOf, issue, tokenOf } from '../issuing.ts';
import { requireKnown } from '../parties.ts';
import { requireTermsOf } from '../tokenTerms.ts';

export const grant = handler(qonsent.grant, async (input, ctx) => {
  await requireKnown(ctx, input.audience);
  const giver = giverOf(ctx.call, input, ctx.services.node.modules);
  const { budget, calls } = input;
  const terms = {
    ...input,
    budget: budget === undefined ? undefined : budgetTerms(budget),
    calls: calls === undefined ? undefined : callTerms(calls),
  };
  const token = await tokenOf(terms, giver, ctx);
  const { proof, purpose = '' } = input;
  const issued = await issue({ token, proof, giver, purpose }, ctx);
  if (input.token !== undefined) requireTermsOf(input, token);
  return issued;
});
