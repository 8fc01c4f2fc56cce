import { fail } from '@anarq/common-schemas';
import { canonicalJson, toBase64url, utf8 } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { checkAskable, statementsOf } from '../askedTerms.ts';
import { budgetTerms, callTerms } from '../budgetTerms.ts';
import { qonsent } from '../contract.ts';
import { requireKnown } from '../parties.ts';
import { policyOf } from '../policy.ts';
import {
  OPEN_DAYS,
  OPEN_DAYS_MAX,
  OPEN_OF_ASKER_MAX,
  OPEN_OF_OWNER_MAX,
} from '../requestOperations.ts';
import { requestView, stateOf } from '../requestView.ts';
import { requests, type AskedTerms } from '../store.ts';

const DAY_MS = 86_400_000;

export const request = handler(qonsent.request, async (input, ctx) => {
  const { actor, subject: actsFor, grants } = ctx.call;
  // It asks for itself: no name of somebody else stands under a request.
  if (actsFor !== actor && grants.length === 0)
    fail('QONSENT_DENIED', `qonsent.request is refused: ${actor} asks for itself alone.`, {
      why: { rule: 'whoever asks would hold the grant' },
      operation: ctx.call.operation,
    });
  const { from, subject = from, reason } = input;
  if (from === actor)
    fail('STATE_CONFLICT', 'Nobody asks itself: what is your own needs no grant.', {
      state: 'own',
    });
  await requireKnown(ctx, from);
  const terms = termsOf(input);
  checkAskable(terms);
  const open_until_ms = openUntil(input.openUntil, ctx.now_ms);

  const same = canonicalJson({ actor, from, subject, terms });
  const ask = toBase64url(ctx.services.sealer.nameMac('qonsent-ask', utf8(same)));
  const rows = ctx.rows(requests);
  const { items } = await rows.list({ where: { ask, state: 'OPEN' }, of: 'tenant', limit: 1 });
  const [known] = items;
  if (known !== undefined && stateOf(known, ctx.now_ms) === 'OPEN')
    return requestView(known, ctx.now_ms);
  if (known !== undefined) rows.update(known, { state: 'EXPIRED' });

  const asker = await ctx.services.identities.require(ctx.call.root);
  const asker_root = asker.controller;
  await atMost(ctx, 'requests of one asker', OPEN_OF_ASKER_MAX, 'asker_root', asker_root);
  await atMost(ctx, 'requests to one owner', OPEN_OF_OWNER_MAX, 'owner', from);
  const row = {
    id: ctx.id('request'),
    owner: from,
    asker: actor,
    asker_root,
    subject,
    state: 'OPEN',
    ask,
    terms,
    reason,
    asked_under: grants[0] ?? null,
    open_until_ms,
    answered_ms: null,
    grant_cid: null,
    note: null,
  };
  rows.insert(row);
  ctx.emit('q.qonsent.request.asked.v1', {
    requestId: row.id,
    asker: actor,
    from,
    command: terms.command,
    openUntil: new Date(open_until_ms).toISOString(),
    ...(row.asked_under === null ? {} : { askedUnder: row.asked_under }),
  });
  ctx.party(from);
  return requestView({ ...row, created_ms: ctx.now_ms }, ctx.now_ms);
});

type Asked = Parameters<typeof request>[0];
type Asking = Parameters<typeof request>[1];

function termsOf(asked: Asked): AskedTerms {
  const { command, resource, operations, policy, budget, calls, expiresAt } = asked;
  return {
    command,
    policy: statementsOf(policyOf({ resource, operations, policy }) as Asked['policy']),
    ...(budget === undefined ? {} : { budget: budgetTerms(budget) }),
    ...(calls === undefined ? {} : { calls: callTerms(calls) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function openUntil(asked: string | undefined, now_ms: number): number {
  const until_ms = asked === undefined ? now_ms + OPEN_DAYS * DAY_MS : Date.parse(asked);
  if (until_ms <= now_ms)
    fail('INPUT_INVALID', 'openUntil lies in the past.', { path: '/openUntil' });
  if (until_ms > now_ms + OPEN_DAYS_MAX * DAY_MS)
    fail('LIMIT_EXCEEDED', `A request is open for ${OPEN_DAYS_MAX} days at most.`, {
      limit: 'openUntil',
    });
  return until_ms;
}

const atMost = (
  ctx: Asking,
  of: string,
  max: number,
  column: 'owner' | 'asker_root',
  per: string,
): Promise<void> =>
  ctx.atMost({
    of,
    max,
    per,
    count: `SELECT count(*) FROM qonsent_request WHERE tenant = :tenant AND ${column} = :per
              AND state = 'OPEN' AND open_until_ms > :now_ms`,
    params: { per, now_ms: ctx.now_ms },
    message: `There are ${max} open ${of}: wait for an answer, or take one back.`,
  });
