import { decodeDelegation } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { closeRequest } from '../answering.ts';
import { checkAskable, isWithin, requireWithin, statementsOf } from '../askedTerms.ts';
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
  const { command, policy, budget, expiresAt } = terms;
  const plain = { audience, command, policy, budget, expiresAt, proof, token: signed };
  const token = await tokenOf(plain, giver, ctx);
  const issued = await issue({ token, proof, giver, purpose: row.reason.slice(0, 256) }, ctx);
  if (issued.audience !== audience || issued.subject !== row.subject)
    fail(
      'GRANT_CHAIN_BROKEN',
      `${audience} asked for authority of ${row.subject}; this would give ${issued.audience} that of ${issued.subject}. Name the grant that is passed on as proof.`,
      { link: issued.grant },
    );
  requireWithin(decodeDelegation(token), terms);
  closeRequest(row, { answer: 'APPROVED', grant: issued.grant, note }, ctx);
  return issued;
});

type Input = Parameters<typeof approveRequest>[0];
type Terms = Parameters<typeof requireWithin>[1];

/** What was asked for, within what the answer says beside it. */
function narrowed(asked: Terms, { policy, budget, expiresAt }: Input): Terms {
  if (later(expiresAt, asked.expiresAt)) tooMuch('expiresAt');
  if (budget !== undefined && asked.budget !== undefined && !isWithin(budget, asked.budget))
    tooMuch('budget');
  return {
    ...asked,
    policy: [...asked.policy, ...statementsOf(policy)],
    ...(budget === undefined ? {} : { budget }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const later = (given: string | undefined, asked: string | undefined): boolean =>
  given !== undefined && asked !== undefined && Date.parse(given) > Date.parse(asked);

const tooMuch = (member: string): never =>
  fail('INPUT_INVALID', `The answer would give more than was asked for: ${member}.`, {
    path: `/${member}`,
  });
