import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { founder } from '../control.ts';
import { createIdentity } from '../creation.ts';
import { subIdentities } from '../store.ts';

const SUB_IDENTITIES_MAX = 100;
const COUNT = '(SELECT count(*) FROM squid_sub WHERE tenant = :tenant AND owner = :root)';

export const createSub = handler(squid.createSub, async (input, ctx) => {
  const root = await founder(ctx);
  if (root.parent !== undefined)
    fail('STATE_CONFLICT', 'A sub-identity has no sub-identities of its own.', {
      identity: root.did,
      state: 'sub-identity',
    });
  const [made] = await ctx.select(`SELECT ${COUNT} AS n`, { root: root.did });
  if ((made?.['n'] as number) >= SUB_IDENTITIES_MAX)
    fail('LIMIT_EXCEEDED', `An identity has at most ${SUB_IDENTITIES_MAX} sub-identities.`, {
      limit: 'sub-identities',
      maximum: SUB_IDENTITIES_MAX,
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
  // Several calls at once may all have counted 99: the commit counts again.
  ctx.write({
    name: 'sub-identities',
    sql: `SELECT 1 WHERE ${COUNT} <= ${SUB_IDENTITIES_MAX}`,
    params: { root: root.did },
    expect: { rows: 1 },
  });
  ctx.emit('q.squid.sub.created.v1', { did, parent: root.did, custody });
  return created;
});
