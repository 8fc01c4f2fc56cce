import type { ReadContext, WriteContext } from '@anarq/kernel';
import { asRole, type Role } from './roles.ts';
import type { MemberRow } from './store.ts';

/** A member as it is shown. */
export async function memberView(row: MemberRow, ctx: Pick<ReadContext, 'services' | 'now_ms'>) {
  const grant = await ctx.services.grants.active(row.grant_cid);
  const hasEnded = (grant?.exp_s ?? Infinity) * 1000 < ctx.now_ms;
  return {
    member: row.member,
    role: asRole(row.role),
    grant: row.grant_cid,
    since: new Date(row.since_ms).toISOString(),
    inForce: grant !== undefined && !hasEnded,
  };
}

/** Adds the end of a delegation to the unit of work; it holds once the commit is durable. */
export function endGrant(
  ctx: Pick<WriteContext, 'services' | 'now_ms' | 'carry' | 'afterCommit'>,
  cid: string,
): void {
  const { statements, activate } = ctx.services.grants.prepareRevoke(cid, ctx.now_ms);
  ctx.carry(statements);
  ctx.afterCommit(() => void activate());
}

/** What the record of the delegation says it is for. */
export const purposeOf = (role: Role): string => `role: ${role}`;
