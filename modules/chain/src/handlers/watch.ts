import { fail } from '@anarq/common-schemas';
import { handler, type WriteContext } from '@anarq/kernel';
import type { ChainNode } from '../chain/chainNode.ts';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { beginning, CURSOR_ID, cursors, watches as table } from '../store.ts';

/** Of one identity, and of all together: each of them costs an event for each change. */
const WATCHES_OF_ONE_MAX = 100;
const WATCHES_MAX = 1_000;

export const watch = handler(contract.watch, async ({ accountId }, ctx) => {
  const chain = chainOf(ctx);
  const { tenant } = ctx.services.node;
  if (ctx.call.tenant !== tenant)
    fail('STATE_CONFLICT', 'Accounts of the chain are watched in the tenant of the operator only.');
  const rows = ctx.rows(table);
  const { items } = await rows.list({ where: { account_id: accountId }, limit: 1 });
  const [known] = items;
  if (known !== undefined) return { watchId: known.id, accountId };
  const owner = ctx.call.subject;
  await ctx.atMost({
    of: 'watches of one identity',
    max: WATCHES_OF_ONE_MAX,
    per: owner,
    count: 'SELECT count(*) FROM chain_watch WHERE tenant = :tenant AND owner = :watcher',
    params: { watcher: owner },
    message: `An identity has at most ${WATCHES_OF_ONE_MAX} watches: end one with chain.unwatch.`,
  });
  await ctx.atMost({
    of: 'watches of a node',
    max: WATCHES_MAX,
    per: tenant,
    count: 'SELECT count(*) FROM chain_watch WHERE tenant = :tenant',
    message: `A node has at most ${WATCHES_MAX} watches.`,
  });
  const watchId = ctx.id('watch');
  rows.insert({ id: watchId, account_id: accountId });
  const all = await rows.list({ of: 'tenant', limit: 1 });
  if (all.items.length === 0) await beginNow(chain, ctx);
  ctx.afterCommit(() => chain.onWatched());
  return { watchId, accountId };
});

/** Nobody was told of anything for a while: what happened meanwhile is told to nobody. */
async function beginNow(
  chain: ChainNode,
  { rows, services }: Pick<WriteContext<typeof contract.watch>, 'rows' | 'services'>,
): Promise<void> {
  const { epoch } = chain.validator.chain();
  const begin = beginning(chain.validator.chainId, await chain.now(), epoch);
  const row = await rows(cursors).get(CURSOR_ID);
  if (row !== undefined) return rows(cursors).update(row, begin);
  const owner = services.node.modules[contract.name];
  if (owner !== undefined) rows(cursors).insert({ id: CURSOR_ID, owner, ...begin });
}
