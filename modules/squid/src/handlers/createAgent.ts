import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { employer } from '../control.ts';
import { createIdentity } from '../creation.ts';

export const createAgent = handler(squid.createAgent, async (input, ctx) => {
  const owner = await employer(ctx);
  const created = await createIdentity(ctx, {
    tenant: owner.tenant,
    kind: 'agent',
    name: input.name,
    controller: owner.did,
    uniqueName: true,
  });
  const { did, kind, controller, custody } = created;
  ctx.emit('q.squid.created.v1', { did, kind, controller, custody });
  return created;
});
