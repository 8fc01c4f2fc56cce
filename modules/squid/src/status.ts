import { fail } from '@anarq/common-schemas';
import type { IdentityRecord, WriteContext } from '@anarq/kernel';
import { denyControl, knownIdentity } from './control.ts';

type Status = IdentityRecord['status'];

/**
 * Stops an identity, or lets it act again. Its controller may, and the operator of the node; nobody
 * itself, because who is suspended cannot call to end it.
 * @throws QINDEX_NOT_FOUND, QONSENT_DENIED, STATE_CONFLICT
 */
export async function setStatus(
  ctx: Pick<WriteContext, 'call' | 'services' | 'carry' | 'afterCommit' | 'party'>,
  did: string,
  status: Status,
): Promise<{ did: string; status: Status }> {
  const { identities, node } = ctx.services;
  const { subject } = ctx.call;
  const isOperator = subject === node.operator;
  // Tenants are the operator's guests: it can stop any of them, and sees no more of them by that.
  const found = isOperator ? await identities.get(did) : undefined;
  const identity = found ?? (await knownIdentity(ctx, did));
  if (!isOperator && subject !== identity.controller) denyControl(ctx, identity);
  if (subject === did)
    fail('STATE_CONFLICT', 'Nobody suspends itself: it could not end that again.', {
      state: 'own',
    });
  if (identity.kind === 'module' || identity.kind === 'node')
    fail('STATE_CONFLICT', 'The node and its modules are not suspended.', { state: identity.kind });

  if (identity.status !== status) {
    const prepared = identities.prepareStatus(did, status);
    ctx.carry(prepared.statements);
    ctx.afterCommit(prepared.activate);
    ctx.party(did);
  }
  return { did, status };
}
