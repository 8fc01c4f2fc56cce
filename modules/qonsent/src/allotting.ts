import type { CompiledGrant } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';

type Asking = Pick<ReadContext, 'call' | 'services'>;

const noGrant = (grant: string): never =>
  fail('QINDEX_NOT_FOUND', `There is no grant ${grant} in force for you here.`, { grant });

/**
 * A grant in force that the caller itself holds: who acts in its name spends under its own. Whoever
 * came with a token has the one of the token.
 * @throws QINDEX_NOT_FOUND, also for one of others
 */
export async function heldGrant({ call, services }: Asking, cid: string): Promise<CompiledGrant> {
  const grant = await services.grants.active(cid);
  const isBoundElsewhere = call.boundGrant !== undefined && call.boundGrant !== cid;
  if (grant === undefined || grant.audience !== call.actor || isBoundElsewhere) return noGrant(cid);
  const suspended = services.grants.suspendedBehind(grant);
  if (suspended !== undefined)
    fail('QONSENT_DENIED', `${suspended}, who gave this grant or passed it on, is suspended.`, {
      why: { grant: cid, rule: `${suspended} is suspended` },
    });
  return grant;
}

/**
 * That the caller itself gave, holds, or is the subject of a grant, in force or not.
 * @throws QINDEX_NOT_FOUND
 */
export async function requireInvolved({ call, services }: Asking, cid: string): Promise<void> {
  const record = await services.grants.get(cid);
  const parties = [record?.audience, record?.issuer, record?.subject];
  if (record === undefined || !parties.includes(call.actor)) noGrant(cid);
}
