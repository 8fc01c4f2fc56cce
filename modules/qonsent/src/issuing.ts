import type { Budget } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import { CryptoError, fromBase64url, type CallLimits } from '@anarq/crypto';
import type { CallFacts, WriteContext } from '@anarq/kernel';
import type { qonsent } from './contract.ts';
import { policyOf, type Terms } from './policy.ts';

/** What a grant is made of: terms in plain members, or a token that says them. */
interface Given extends Terms {
  readonly audience: string;
  readonly command: string;
  readonly notBefore?: string | undefined;
  readonly expiresAt?: string | undefined;
  readonly budget?: Budget | undefined;
  readonly calls?: CallLimits | undefined;
  readonly proof?: string | undefined;
  readonly token?: string | undefined;
}
type IssueContext = WriteContext<typeof qonsent.grant>;

/**
 * Who gives. Who acts for itself gives of its own. A process that its contract announces may have
 * the subject give to a module, as listing a file does: such a grant outlives the mandate of the
 * member who listed. Who else acts under a grant gives as itself, and only from a grant that it
 * names: else an agent could have its principal grant it everything. Who came with a token has the
 * one grant of the token to give from, whatever else its agent holds.
 * @throws QONSENT_DENIED when it names none, or another
 */
export function giverOf(
  call: CallFacts,
  { proof, audience }: { readonly proof?: string | undefined; readonly audience: string },
  modules: Readonly<Record<string, string>>,
): string {
  const { actor, subject, boundGrant } = call;
  const isStep = call.process !== undefined && proof === undefined;
  if (isStep && Object.values(modules).includes(audience)) return subject;
  if (subject === actor && call.grants.length === 0) return subject;
  if (proof === undefined)
    return deny(
      call,
      `${actor} acts for ${subject} and passes on only what it holds: name the grant as proof`,
    );
  if (boundGrant !== undefined && proof !== boundGrant)
    return deny(
      call,
      `the token of ${actor} is bound to ${boundGrant}, and passes on no other grant`,
    );
  return actor;
}

const deny = (call: CallFacts, rule: string): never =>
  fail('QONSENT_DENIED', `${call.operation} is refused: ${rule}.`, {
    why: { rule, changeableBy: call.subject },
    operation: call.operation,
  });

/**
 * The delegation as bytes: as its giver signed it, or signed here with the keys that the node keeps.
 * @throws CUSTODY_REFUSED when the giver keeps its own keys and sent no token
 */
export async function tokenOf(
  input: Given,
  giver: string,
  ctx: Pick<WriteContext, 'services' | 'now_ms'>,
): Promise<Uint8Array> {
  if (input.token !== undefined) return readBytes(input.token);
  const { identities, grants } = ctx.services;
  const exp_s = seconds(input.expiresAt);
  if (exp_s !== undefined && exp_s * 1000 <= ctx.now_ms)
    fail('GRANT_EXPIRED', 'expiresAt lies in the past.', { expiresAt: input.expiresAt });
  return grants.sign(
    {
      issuer: giver,
      audience: input.audience,
      subject: await subjectOf(input.proof, giver, ctx),
      command: input.command,
      policy: policyOf(input),
      exp_s,
      nbf_s: seconds(input.notBefore),
      budget: input.budget,
      calls: input.calls,
    },
    await identities.custodyKeys(giver),
  );
}

/** Whose authority it is about: the giver's own, or that of the grant which is passed on. */
async function subjectOf(
  proof: string | undefined,
  giver: string,
  ctx: Pick<WriteContext, 'services'>,
): Promise<string> {
  if (proof === undefined) return giver;
  const record = await ctx.services.grants.get(proof);
  if (record === undefined || record.audience !== giver)
    return fail('GRANT_CHAIN_BROKEN', `${proof} was not given to ${giver}.`, { link: proof });
  return record.subject;
}

const seconds = (instant: string | undefined): number | undefined =>
  instant === undefined ? undefined : Math.floor(Date.parse(instant) / 1000);

function readBytes(token: string): Uint8Array {
  try {
    return fromBase64url(token);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return fail('INPUT_INVALID', `token: ${error.message}.`, { path: '/token' });
  }
}

/**
 * Registers a delegation that somebody gives now: the commit puts it in force and tells of it.
 * @throws the error of the table that says which rule it breaks
 */
export async function issue(
  order: {
    readonly token: Uint8Array;
    readonly proof: string | undefined;
    readonly giver: string;
    readonly purpose: string;
  },
  ctx: Pick<
    IssueContext,
    'call' | 'services' | 'now_ms' | 'carry' | 'afterCommit' | 'emit' | 'party'
  >,
) {
  const { token, proof, giver, purpose } = order;
  const { grants } = ctx.services;
  const prepared = await grants.prepareRegister({
    token,
    proof,
    tenant: ctx.call.tenant,
    purpose,
    now_ms: ctx.now_ms,
  });
  const { leaf, chain, links, subject, audience, cmd, exp_s } = prepared.grant;
  if (links[0]?.iss !== giver)
    fail(
      'GRANT_CHAIN_BROKEN',
      `The token is issued by ${links[0]?.iss}, the call is by ${giver}.`,
      { link: leaf },
    );
  if (await grants.isRevoked(leaf))
    fail('GRANT_REVOKED', undefined, { why: { grant: leaf, rule: 'the grant was revoked' } });
  if ((await grants.get(leaf)) !== undefined)
    fail('STATE_CONFLICT', 'This grant is registered already.', {
      grant: leaf,
      state: 'registered',
    });
  ctx.carry(prepared.statements);
  ctx.afterCommit(prepared.activate);
  const exp = exp_s ?? 0;
  const parties = { issuer: giver, audience, subject };
  ctx.emit('q.qonsent.grant.issued.v1', { grant: leaf, ...parties, command: cmd, exp });
  for (const did of [giver, audience, subject]) ctx.party(did);
  return { grant: leaf, policyCid: chain.at(-1) ?? leaf, scope: cmd, exp, ...parties };
}
