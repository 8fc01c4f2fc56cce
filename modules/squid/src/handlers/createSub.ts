import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { founder } from '../control.ts';
import { createIdentity } from '../creation.ts';
import { subIdentities } from '../store.ts';

const SUB_IDENTITIES_MAX = 100;

export const createSub = handler(squid.createSub, async (input, ctx) => {
  const root = await founder(ctx);
  if (root.parent !== undefined)
    fail('STATE_CONFLICT', 'A sub-identity has no sub-identities of its own.', {
      identity: root.did,
      state: 'sub-identity',
    });
  await ctx.atMost({
    of: 'sub-identities',
    max: SUB_IDENTITIES_MAX,
    per: root.did,
    count: 'SELECT count(*) FROM squid_sub WHERE tenant = :tenant AND owner = :root',
    params: { root: root.did },
    message: `An identity has at most ${SUB_IDENTITIES_MAX} sub-identities.`,
  });
  const created = await createIdentity(ctx, {
    tenant: root.tenant,
    kind: root.kind,
    name: input.purpose,
    parent: root.did,
    document: input.document,
  });
  const { did, custody } = created;
  ctx.rows(subIdentities).insert({ id: ctx.id('sub'), did });
  ctx.emit('q.squid.sub.created.v1', { did, parent: root.did, custody });
  return created;
});
