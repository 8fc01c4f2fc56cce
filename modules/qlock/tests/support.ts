import type { OutputOf, Result } from '@anarq/common-schemas';
import { deriveKeys, toBase64url, utf8 } from '@anarq/crypto';
import type { Actor, TestNode } from '@anarq/testing';
import type { qlock } from '../src/contract.ts';

export type Key = OutputOf<typeof qlock.createKey>;
export type Lock = OutputOf<typeof qlock.lock>;

export const bytes = (text: string): string => toBase64url(utf8(text));
export const codeOf = (result: Result<unknown>): string => result.code;

/** Gives one command to somebody, as Qonsent does. */
export async function grant(
  node: TestNode,
  owner: Actor,
  audience: Actor,
  order: { readonly command: string; readonly resource?: string },
): Promise<void> {
  const { grants } = node.kernel.services;
  const token = grants.sign(
    {
      issuer: owner.did,
      audience: audience.did,
      subject: owner.did,
      command: order.command,
      policy: order.resource === undefined ? [] : [['==', '.resource', order.resource]],
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const { tenant } = node.kernel.node;
  const now_ms = Date.now();
  const prepared = await grants.prepareRegister({ token, tenant, purpose: 'test', now_ms });
  await node.store.commit(prepared.statements);
  prepared.activate();
}
