import type { GrantRecord, Services } from '@anarq/kernel';
import { formatMinor, parseMinor } from '@anarq/decimal';

type GrantsPort = Services['grants'];

/** What each link of a grant still lets its holder spend; empty for a grant not in force. */
async function budgetsLeft(grants: GrantsPort, cid: string) {
  const links = (await grants.active(cid))?.budgets ?? [];
  const found = await Promise.all(
    links.map(async (link) => {
      const state = await grants.budget(link.cid);
      if (state === undefined) return [];
      const { unit, total, perCall, spent, reserved } = state;
      const left =
        total === undefined
          ? undefined
          : formatMinor(
              parseMinor(total, unit) - parseMinor(spent, unit) - parseMinor(reserved, unit),
              unit,
            );
      return [
        {
          grant: link.cid,
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
