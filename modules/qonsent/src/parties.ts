import { fail } from '@anarq/common-schemas';
import type { GrantRecord, ReadContext } from '@anarq/kernel';

type Asked = Pick<ReadContext, 'call' | 'services'>;

/** Whom the caller speaks as: the party it acts for, and itself. */
export const callers = ({ call }: Asked): ReadonlySet<string> =>
  new Set([call.subject, call.actor]);

/**
 * A grant that the caller gave, holds or is the subject of.
 * @throws QINDEX_NOT_FOUND, also for a grant between others: the two look alike
 */
export async function involvedGrant(ctx: Asked, cid: string): Promise<GrantRecord> {
  const record = await ctx.services.grants.get(cid);
  const mine = callers(ctx);
  const involved =
    record !== undefined &&
    [record.issuer, record.audience, record.subject].some((did) => mine.has(did));
  if (record === undefined || !involved)
    return fail('QINDEX_NOT_FOUND', `There is no grant ${cid} for you here.`, { grant: cid });
  return record;
}

/**
 * That somebody to be trusted exists here: in the caller's tenant, or as the node or a module.
 * @throws SQUID_IDENTITY_INVALID
 */
export async function requireKnown(ctx: Asked, did: string): Promise<void> {
  const { identities, node } = ctx.services;
  const record = await identities.get(did);
  const isShared = did === node.did || Object.values(node.modules).includes(did);
  if (record === undefined || (!isShared && record.tenant !== ctx.call.tenant))
    fail('SQUID_IDENTITY_INVALID', `${did} is not an identity of this node.`, { identity: did });
  else if (record.status !== 'active')
    fail('SQUID_IDENTITY_INVALID', 'The identity is suspended.', { identity: did });
}
