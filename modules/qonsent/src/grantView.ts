import { decodeDelegation, parseBudget, parseCalls } from '@anarq/authority';
import type { JsonValue } from '@anarq/common-schemas';
import type { GrantRecord, ReadContext } from '@anarq/kernel';
import { budgetModel, callsModel } from './budgetTerms.ts';

/** A grant as those whom it concerns see it. */
export async function grantView(
  record: GrantRecord,
  ctx: Pick<ReadContext, 'services' | 'now_ms'>,
) {
  const delegation = decodeDelegation(record.token);
  const budget = parseBudget(delegation.meta);
  const calls = parseCalls(delegation.meta);
  const active = await ctx.services.grants.active(record.cid);
  const hasEnded = (active?.exp_s ?? Infinity) * 1000 < ctx.now_ms;
  return {
    grant: record.cid,
    ...(record.proof === undefined ? {} : { proof: record.proof }),
    issuer: record.issuer,
    audience: record.audience,
    subject: record.subject,
    command: record.command,
    policy: asJson(delegation.pol),
    ...(budget === undefined ? {} : { budget: budgetModel(budget) }),
    ...(calls === undefined ? {} : { calls: callsModel(calls) }),
    purpose: record.purpose,
    createdAt: new Date(record.created_ms).toISOString(),
    ...(record.exp_s === undefined
      ? {}
      : { expiresAt: new Date(record.exp_s * 1000).toISOString() }),
    ...(record.revoked_ms === undefined
      ? {}
      : { revokedAt: new Date(record.revoked_ms).toISOString() }),
    inForce: active !== undefined && !hasEnded,
  };
}

/** Literals of a policy may be bytes, which JSON shows as base64 in the way of DAG-JSON. */
function asJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return { '/': { bytes: Buffer.from(value).toString('base64') } };
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : null;
}
