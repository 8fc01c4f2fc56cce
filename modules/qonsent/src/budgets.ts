import type { Services } from '@anarq/kernel';
import { formatMinor, parseMinor } from '@anarq/decimal';

/** What each link of a chain lets its holder spend, and what is left of it, leaf first. */
export async function budgetStates(grants: Services['grants'], chain: readonly string[]) {
  const states = await Promise.all(
    chain.map(async (cid) => ({ cid, state: await grants.budget(cid) })),
  );
  return states.flatMap(({ cid, state }) => {
    if (state === undefined) return [];
    const { unit, total, perCall, spent, reserved } = state;
    const minor = (amount: string) => parseMinor(amount, unit);
    return [
      {
        grant: cid,
        unit,
        ...(total === undefined
          ? {}
          : { total, left: formatMinor(minor(total) - minor(spent) - minor(reserved), unit) }),
        ...(perCall === undefined ? {} : { perCall }),
        spent,
        reserved,
      },
    ];
  });
}

/** CIDs of a grant and of the delegations above it, leaf first; also of one no longer in force. */
export async function chainOf(grants: Services['grants'], cid: string): Promise<string[]> {
  const chain: string[] = [];
  for (let next: string | undefined = cid; next !== undefined;) {
    chain.push(next);
    next = (await grants.get(next))?.proof;
  }
  return chain;
}
