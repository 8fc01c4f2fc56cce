import { fail } from '@anarq/common-schemas';
import type { CallFacts, IdentityRecord, ReadContext } from '@anarq/kernel';
import { memberView } from './membership.ts';
import { memberId, members } from './store.ts';

type Asked = Pick<ReadContext, 'call' | 'services' | 'rows' | 'now_ms'>;

/**
 * An identity that the caller may know of: one of its tenant, the node or a module.
 * @throws QINDEX_NOT_FOUND, also for one of another tenant
 */
export async function knownIdentity(
  ctx: Pick<Asked, 'call' | 'services'>,
  did: string,
): Promise<IdentityRecord> {
  const { node, identities } = ctx.services;
  const record = await identities.get(did);
  const isShared = did === node.did || Object.values(node.modules).includes(did);
  if (record !== undefined && (isShared || record.tenant === ctx.call.tenant)) return record;
  return fail('QINDEX_NOT_FOUND', `There is no identity ${did} for you here.`, { identity: did });
}

/**
 * The identity that makes another one for itself. Who got only a part of its authority, a delegate or
 * the holder of a token, would make itself an identity that outlives that part.
 * @throws QONSENT_DENIED for anybody but the identity itself, SQUID_IDENTITY_INVALID when suspended
 */
export async function founder(ctx: Asked): Promise<IdentityRecord> {
  const { subject } = ctx.call;
  if (!isItself(ctx.call)) denyDelegate(ctx, `only ${subject} itself may, and no delegate of it`);
  return inForce(ctx);
}

/**
 * Who gets a new agent: the identity itself, or an organisation through one of its administrators.
 * @throws QONSENT_DENIED, SQUID_IDENTITY_INVALID when it is suspended
 */
export async function employer(ctx: Asked): Promise<IdentityRecord> {
  const { subject } = ctx.call;
  if (!(await speaksFor(ctx, subject)))
    denyDelegate(ctx, `only ${subject} itself may, or an administrator under the role in it`);
  return inForce(ctx);
}

async function inForce(ctx: Asked): Promise<IdentityRecord> {
  const record = await ctx.services.identities.require(ctx.call.subject);
  if (record.status !== 'active')
    fail('SQUID_IDENTITY_INVALID', 'The identity is suspended.', { identity: record.did });
  return record;
}

/** Whether the caller acts for itself alone: under no grant and no token. */
const isItself = ({ actor, subject, grants, boundGrant }: CallFacts): boolean =>
  actor === subject && grants.length === 0 && boundGrant === undefined;

/**
 * Whether a call has the whole authority of an identity: it is the identity itself, or it is an
 * organisation and the call stands on the delegation of an administrator, as `addMember` gave it and
 * as it is in force. Any other grant is a part of that authority, with limits and an end, and nothing
 * may be made under it that has neither.
 */
export async function speaksFor(ctx: Asked, did: string): Promise<boolean> {
  const { call } = ctx;
  if (isItself(call)) return call.subject === did;
  if (call.boundGrant !== undefined || call.grants.length === 0) return false;
  const seat = await ctx.rows(members).get(memberId(did, call.actor));
  if (seat?.role !== 'admin' || !(await memberView(seat, ctx)).inForce) return false;
  return call.grants.every((grant) => grant === seat.grant_cid);
}

/** Whether the operator of the node itself calls. */
export const isOperator = ({ call, services }: Pick<Asked, 'call' | 'services'>): boolean =>
  isItself(call) && call.subject === services.node.operator;

/**
 * An organisation that the caller administers: as its controller, or as one of its administrators.
 * @throws QINDEX_NOT_FOUND, STATE_CONFLICT when it is no organisation, QONSENT_DENIED
 */
export async function administered(ctx: Asked, did: string): Promise<IdentityRecord> {
  const organisation = await organisationOf(ctx, did);
  const may =
    (await speaksFor(ctx, organisation.controller)) || (await speaksFor(ctx, organisation.did));
  if (!may) denyControl(ctx, organisation);
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
  const rule = `${ctx.call.subject} does not control ${identity.did}, or not by this grant`;
  return fail('QONSENT_DENIED', `${ctx.call.operation} is refused: ${rule}.`, {
    why: { rule, changeableBy: identity.controller },
    operation: ctx.call.operation,
  });
}

/** @throws QONSENT_DENIED: a part of somebody's authority is not enough */
function denyDelegate(ctx: Pick<ReadContext, 'call'>, rule: string): never {
  const { operation, subject } = ctx.call;
  return fail('QONSENT_DENIED', `${operation} is refused: ${rule}.`, {
    why: { rule, changeableBy: subject },
    operation,
  });
}
