import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { founder } from '../control.ts';
import { createIdentity } from '../creation.ts';

export const createSub = handler(squid.createSub, async (input, ctx) => {
  const root = await founder(ctx);
  if (root.parent !== undefined)
    fail('STATE_CONFLICT', 'A sub-identity has no sub-identities of its own.', {
      identity: root.did,
      state: 'sub-identity',
    });
  const created = await createIdentity(ctx, {
    tenant: root.tenant,
    kind: root.kind,
    name: input.purpose,
    parent: root.did,
    document: input.document,
  });
  const { did, custody } = created;
  ctx.emit('q.squid.sub.created.v1', { did, parent: root.did, custody });
  return created;
});
