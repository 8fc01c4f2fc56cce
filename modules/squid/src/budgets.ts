import type { GrantRecord, Services } from '@anarq/kernel';

type GrantsPort = Services['grants'];

/** What each link of a grant still lets its holder spend; empty for a grant not in force. */
async function budgetsLeft(grants: GrantsPort, cid: string) {
  const chain = (await grants.active(cid))?.chain ?? [];
  const found = await Promise.all(
    chain.map(async (grant) => {
      const state = await grants.budget(grant);
      if (state === undefined) return [];
      const { unit, total, perCall, spent, reserved, left } = state;
      return [
        {
          grant,
          unit,
          ...(total === undefined ? {} : { total }),
          ...(perCall === undefined ? {} : { perCall }),
          spent,
          reserved,
          ...(left === undefined ? {} : { left }),
        },
      ];
    }),
  );
  return found.flat();
}

/** A grant as its holder sees it. */
export async function heldGrant(grants: GrantsPort, record: GrantRecord) {
  const compiled = await grants.active(record.cid);
  const exp_s = compiled?.exp_s ?? null;
  return {
    grant: record.cid,
    subject: record.subject,
    command: record.command,
    purpose: record.purpose,
    ...(exp_s === null ? {} : { expiresAt: new Date(exp_s * 1000).toISOString() }),
    budgets: await budgetsLeft(grants, record.cid),
  };
}
