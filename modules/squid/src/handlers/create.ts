import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { createIdentity } from '../creation.ts';

export const create = handler(squid.create, async (input, ctx) => {
  const created = await createIdentity(ctx, {
    tenant: input.tenant ?? ctx.services.node.tenant,
    kind: input.kind,
    name: input.name,
    document: input.document,
  });
  const { did, kind, controller, custody } = created;
  ctx.emit('q.squid.created.v1', { did, kind, controller, custody });
  return created;
});
