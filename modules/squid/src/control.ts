import { fail } from '@anarq/common-schemas';
import type { IdentityRecord, ReadContext } from '@anarq/kernel';

type Asked = Pick<ReadContext, 'call' | 'services'>;

/**
 * An identity that the caller may know of: one of its tenant, the node or a module.
 * @throws QINDEX_NOT_FOUND, also for one of another tenant
 */
export async function knownIdentity(ctx: Asked, did: string): Promise<IdentityRecord> {
  const { node, identities } = ctx.services;
  const record = await identities.get(did);
  const isShared = did === node.did || Object.values(node.modules).includes(did);
  if (record !== undefined && (isShared || record.tenant === ctx.call.tenant)) return record;
  return fail('QINDEX_NOT_FOUND', `There is no identity ${did} for you here.`, { identity: did });
}

/**
 * The party on whose behalf an identity is made.
 * @throws SQUID_IDENTITY_INVALID when it is suspended
 */
export async function founder(ctx: Asked): Promise<IdentityRecord> {
  const record = await ctx.services.identities.require(ctx.call.subject);
  if (record.status !== 'active')
    fail('SQUID_IDENTITY_INVALID', 'The identity is suspended.', { identity: record.did });
  return record;
}

/**
 * An organisation that the caller administers: as its controller, or on its behalf under a grant of
 * its own (x-subject), which the kernel has checked by then.
 * @throws QINDEX_NOT_FOUND, STATE_CONFLICT when it is no organisation, QONSENT_DENIED
 */
export async function administered(ctx: Asked, did: string): Promise<IdentityRecord> {
  const organisation = await organisationOf(ctx, did);
  const { subject } = ctx.call;
  if (subject !== organisation.controller && subject !== organisation.did)
    denyControl(ctx, organisation);
  return organisation;
}

/** @throws QINDEX_NOT_FOUND, STATE_CONFLICT */
export async function organisationOf(ctx: Asked, did: string): Promise<IdentityRecord> {
  const record = await knownIdentity(ctx, did);
  if (record.kind !== 'organisation' || record.parent !== undefined)
    fail('STATE_CONFLICT', `${did} is no organisation.`, { identity: did, state: record.kind });
  return record;
}

/** @throws QONSENT_DENIED that names who may */
export function denyControl(ctx: Asked, identity: IdentityRecord): never {
  const rule = `${ctx.call.subject} does not control ${identity.did}`;
  return fail('QONSENT_DENIED', `${ctx.call.operation} is refused: ${rule}.`, {
    why: { rule, changeableBy: identity.controller },
    operation: ctx.call.operation,
  });
}

/**
 * Who came with a bearer token is bound to its one grant, and cannot make authority that is not.
 * @throws QONSENT_DENIED for a token
 */
export function refuseToken(ctx: Pick<ReadContext, 'call'>): void {
  const { boundGrant, operation } = ctx.call;
  if (boundGrant === undefined) return;
  const rule = 'a token is bound to one grant, and gives no authority beyond it';
  fail('QONSENT_DENIED', `${operation} is refused: ${rule}.`, {
    why: { grant: boundGrant, rule },
    operation,
  });
}
