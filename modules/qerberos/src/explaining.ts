import { decodeDelegation } from '@anarq/authority';
import type { Drawn, ReadContext } from '@anarq/kernel';
import type { RecordBody } from '@anarq/log';
import { asJson } from './recordView.ts';

type Asking = Pick<ReadContext, 'call' | 'services' | 'now_ms'>;
type Body = RecordBody | null | undefined;

const CHAIN_MAX = 8;
const CHAINS_MAX = 16;

/** The grants that allowed it; of a refusal, the one whose rule decided. Each with those above it. */
export async function chainsOf(
  {
    grants,
    why,
  }: { readonly grants: readonly string[]; readonly why: Readonly<Record<string, unknown>> },
  drawn: readonly Drawn[],
  ctx: Asking,
) {
  const deciding = typeof why['grant'] === 'string' ? [why['grant']] : [];
  const leaves = (grants.length > 0 ? grants : deciding).slice(0, CHAINS_MAX);
  return Promise.all(leaves.map((leaf) => chainOf(leaf, drawn, ctx)));
}

async function chainOf(leaf: string, drawn: readonly Drawn[], ctx: Asking) {
  const { grants } = ctx.services;
  const mine = [ctx.call.subject, ctx.call.actor];
  const links = [];
  for (let cid: string | undefined = leaf; cid !== undefined && links.length < CHAIN_MAX;) {
    const record: Awaited<ReturnType<typeof grants.get>> = await grants.get(cid);
    if (record === undefined) break;
    const { issuer, audience, subject, command, purpose, token, proof } = record;
    // What a grant between others says is not shown, only that it is there.
    const isShown = [issuer, audience, subject].some((did) => mine.includes(did));
    const active = isShown ? await grants.active(cid) : undefined;
    links.push({
      grant: cid,
      ...(isShown
        ? {
            issuer,
            audience,
            command,
            policy: asJson(decodeDelegation(token).pol),
            purpose,
            inForce: active !== undefined && (active.exp_s ?? Infinity) * 1000 >= ctx.now_ms,
          }
        : {}),
      budgets: isShown ? standingOf(cid, drawn) : [],
    });
    cid = proof;
  }
  return links;
}

/** How the budgets of a link stood before the first and after the last of what is explained. */
function standingOf(grant: string, drawn: readonly Drawn[]) {
  const ofLink = drawn.filter((one) => one.grant === grant);
  return [...new Set(ofLink.map(({ counts }) => counts))].flatMap((counts) => {
    const rows = ofLink.filter((one) => one.counts === counts);
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return [];
    const { unit, total, before } = first;
    return [{ counts, unit, ...(total === undefined ? {} : { total }), before, after: last.after }];
  });
}

/** A record that belongs to it: what was done when, and how it went; of a sealed one only its CID. */
export function stepView({ cid, body }: { readonly cid: string; readonly body?: Body }) {
  if (body === null || body === undefined) return { record: cid };
  return {
    record: cid,
    kind: String(body['kind']),
    at: String(body['at']),
    op: String(body['op']),
    code: String(body['code']),
    ...amountOf('cost', body['cost']),
    ...latencyOf(body['latency']),
  };
}

type Amount = { readonly amount: string; readonly unit: string };

export function amountOf<const N extends string>(
  name: N,
  value: unknown,
): { readonly [K in N]?: Amount } {
  if (typeof value !== 'object' || value === null) return {};
  const { amount, unit } = value as Readonly<Record<string, unknown>>;
  return { [name]: { amount: String(amount), unit: String(unit) } } as { [K in N]: Amount };
}

export function latencyOf(value: unknown): {
  latency?: { admit_us: number; handle_us: number };
} {
  if (typeof value !== 'object' || value === null) return {};
  const { admit_us, handle_us } = value as Readonly<Record<string, unknown>>;
  return { latency: { admit_us: Number(admit_us), handle_us: Number(handle_us) } };
}
