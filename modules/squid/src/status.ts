import { fail } from '@anarq/common-schemas';
import type { IdentityRecord, WriteContext } from '@anarq/kernel';
import { denyControl, isOperator, knownIdentity, speaksFor } from './control.ts';

type Status = IdentityRecord['status'];

/**
 * Stops an identity, or lets it act again. Its controller may, or an administrator of that, and the
 * operator of the node; no delegate of them, and nobody itself, because who is suspended cannot call
 * to end it.
 * @throws QINDEX_NOT_FOUND, QONSENT_DENIED, STATE_CONFLICT
 */
export async function setStatus(
  ctx: Pick<
    WriteContext,
    'call' | 'services' | 'rows' | 'now_ms' | 'carry' | 'afterCommit' | 'party'
  >,
  did: string,
  status: Status,
): Promise<{ did: string; status: Status }> {
  const { identities } = ctx.services;
  const identity = await assertMayChange(ctx, did);
  if (identity.status !== status) {
    const prepared = identities.prepareStatus(did, status);
    ctx.carry(prepared.statements);
    ctx.afterCommit(prepared.activate);
    ctx.party(did);
  }
  return { did, status };
}

/**
 * The identity, where the caller may stop it or let it act again.
 * @throws QINDEX_NOT_FOUND, QONSENT_DENIED, STATE_CONFLICT
 */
export async function assertMayChange(
  ctx: Pick<WriteContext, 'call' | 'services' | 'rows' | 'now_ms'>,
  did: string,
): Promise<IdentityRecord> {
  const { identities } = ctx.services;
  const { subject } = ctx.call;
  const byOperator = isOperator(ctx);
  // Tenants are the operator's guests: it can stop any of them, and sees no more of them by that.
  const found = byOperator ? await identities.get(did) : undefined;
  const identity = found ?? (await knownIdentity(ctx, did));
  if (!byOperator && !(await speaksFor(ctx, identity.controller))) denyControl(ctx, identity);
  if (subject === did)
    fail('STATE_CONFLICT', 'Nobody suspends itself: it could not end that again.', {
      state: 'own',
    });
  if (identity.kind === 'module' || identity.kind === 'node')
    fail('STATE_CONFLICT', 'The node and its modules are not suspended.', { state: identity.kind });
  return identity;
}
