import { fail, type InputOf } from '@anarq/common-schemas';
import { CryptoError, fromBase64url } from '@anarq/crypto';
import type { CallFacts, WriteContext } from '@anarq/kernel';
import type { qonsent } from './contract.ts';
import { policyOf } from './policy.ts';

type Input = InputOf<typeof qonsent.grant>;

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
  { proof, audience }: { readonly proof?: string; readonly audience: string },
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
  input: Input,
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
      budget: input.budget === undefined ? undefined : plainBudget(input.budget),
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

/** DAG-CBOR knows no undefined. */
const plainBudget = ({ unit, total, perCall }: NonNullable<Input['budget']>) => ({
  unit,
  ...(total === undefined ? {} : { total }),
  ...(perCall === undefined ? {} : { perCall }),
});

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
