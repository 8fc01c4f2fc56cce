import { fail, type JsonValue } from '@anarq/common-schemas';
import type { IdentityKind, WriteContext } from '@anarq/kernel';

/** What an operation that makes an identity knows of it. */
export interface Order {
  readonly tenant: string;
  readonly kind: IdentityKind;
  readonly name: string;
  readonly controller?: string;
  readonly parent?: string;
  readonly uniqueName?: boolean;
  readonly document?: JsonValue | undefined;
}

export interface Created {
  readonly did: string;
  readonly kind: IdentityKind;
  readonly custody: 'self' | 'node';
  readonly controller: string;
  readonly document: JsonValue;
}

/**
 * Adds a new identity to the unit of work.
 * @throws SQUID_IDENTITY_INVALID for a document that does not prove its keys or names somebody else
 * as controller; STATE_CONFLICT where the identity or its name exists
 */
export async function createIdentity(
  ctx: Pick<WriteContext, 'call' | 'services' | 'now_ms' | 'carry' | 'party'>,
  order: Order,
): Promise<Created> {
  const { identities } = ctx.services;
  if (order.uniqueName === true) {
    const namesake = await identities.findByName(order.tenant, order.name);
    if (namesake !== undefined)
      fail('STATE_CONFLICT', `An identity of this kind has this name already: ${namesake.kind}.`, {
        state: 'the name is taken',
      });
  }
  const made = identities.prepareCreate({ ...order, now_ms: ctx.now_ms });
  if ((await identities.get(made.did)) !== undefined)
    fail('STATE_CONFLICT', 'This identity exists here already.', {
      identity: made.did,
      state: 'exists',
    });
  // Who is stopped meanwhile makes nobody.
  const maker = order.controller ?? order.parent;
  if (maker !== undefined) ctx.carry(identities.stillActive([maker]));
  ctx.carry(made.statements);
  ctx.party(made.did);
  return {
    did: made.did,
    kind: order.kind,
    custody: order.document === undefined ? 'node' : 'self',
    controller: order.controller ?? order.parent ?? made.did,
    document: made.document,
  };
}
