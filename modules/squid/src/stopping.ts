import { fail, type OutputOf } from '@anarq/common-schemas';
import type { ContextOf, IdentityRecord, ProcessView } from '@anarq/kernel';
import type { squid } from './contract.ts';
import { isOperator } from './control.ts';
import { assertMayChange } from './status.ts';

type Context = ContextOf<typeof squid.stop>;

/** How far back what is done is looked for, and how much of it and of what was stopped is listed. */
const SETTLED_MS = 86_400_000;
const LISTED_MAX = 200;

/**
 * Ends at once what an identity has under way, and lists what of it is done and stays. Who may
 * suspend it may stop it.
 */
export async function stopIdentity(
  ctx: Context,
  who: string,
): Promise<OutputOf<typeof squid.stop>> {
  const identity = await named(ctx, who);
  await assertMayChange(ctx, identity.did);
  const { did } = identity;
  const stop = await ctx.services.stops.prepare(identity, ctx.services.processes, ctx.now_ms);
  ctx.carry(stop.statements);
  ctx.afterCommit(stop.activate);
  ctx.party(did);
  const { sessions, tokens, processes, parked } = stop;
  const counts = { sessions, tokens, processes: processes.length };
  ctx.emit('q.squid.stopped.v1', { did, ...counts });
  return {
    did,
    status: 'suspended',
    stopped: { ...counts, list: processes.slice(0, LISTED_MAX).map(viewOf) },
    needAttention: parked.slice(0, LISTED_MAX).map(viewOf),
    settled: await settledOf(ctx, identity),
  };
}

const viewOf = ({ id, operation, kind, record }: ProcessView) => ({
  processId: id,
  operation,
  kind,
  record,
});

/** By its DID, or by the name that is unique in the tenant. */
export async function named(
  ctx: Pick<Context, 'call' | 'services'>,
  who: string,
): Promise<IdentityRecord> {
  const { identities } = ctx.services;
  const found = who.startsWith('did:')
    ? await identities.get(who)
    : await identities.findByName(ctx.call.tenant, who);
  const isVisible = found?.tenant === ctx.call.tenant || isOperator(ctx);
  if (found !== undefined && isVisible) return found;
  return fail('QINDEX_NOT_FOUND', `There is no agent, organisation or person ${who} for you here.`);
}

/** What it did in the last day that stays: the records of its calls, the newest first. */
async function settledOf(ctx: Context, { did, tenant }: IdentityRecord) {
  const { items, next } = await ctx.services.log.search({
    party: did,
    tenant,
    code: 'SUCCESS',
    from_ms: ctx.now_ms - SETTLED_MS,
    limit: LISTED_MAX,
  });
  const own = items.filter(
    ({ body }) => body['actor'] === did && ['call', 'outcome'].includes(String(body['kind'])),
  );
  return {
    since: new Date(ctx.now_ms - SETTLED_MS).toISOString(),
    more: next !== undefined,
    list: own.map(({ cid, body }) => ({
      record: cid,
      operation: String(body['op']),
      at: String(body['at']),
      ...costOf(body['cost']),
    })),
  };
}

function costOf(cost: unknown): { cost?: { amount: string; unit: string } } {
  if (typeof cost !== 'object' || cost === null) return {};
  const { amount, unit } = cost as { amount?: unknown; unit?: unknown };
  return typeof amount === 'string' && typeof unit === 'string' ? { cost: { amount, unit } } : {};
}
