import { deriveKeys } from '@anarq/crypto';
import type { Actor, TestNode } from '@anarq/testing';

/** Registers a delegation of `/qindex/get`, as Qonsent would. */
export async function give(
  node: TestNode,
  order: { readonly from: Actor; readonly to: Actor; readonly policy?: unknown },
): Promise<{ revoke(): Promise<void> }> {
  const { grants } = node.kernel.services;
  const { tenant } = node.kernel.node;
  const token = grants.sign(
    {
      issuer: order.from.did,
      audience: order.to.did,
      subject: order.from.did,
      command: '/qindex/get',
      policy: order.policy ?? [],
    },
    deriveKeys(order.from.seed, { index: 0 }),
  );
  const now_ms = Date.now();
  const prepared = await grants.prepareRegister({ token, tenant, purpose: 'test', now_ms });
  await node.store.commit(prepared.statements);
  prepared.activate();
  return {
    revoke: async () => {
      const ended = grants.prepareRevoke(prepared.grant.leaf, Date.now());
      await node.store.commit(ended.statements);
      ended.activate();
    },
  };
}
