import type { BudgetState, Services } from '@anarq/kernel';
import { instantOf } from './budgetTerms.ts';

/** What each link of a chain lets its holder spend and call, and what is left of it, leaf first. */
export async function budgetStates(
  { grants, allotments }: Pick<Services, 'grants' | 'allotments'>,
  chain: readonly string[],
) {
  const states = await Promise.all(
    chain.map(async (grant) =>
      (await grants.budgets(grant)).map((state) => ({
        grant,
        ...stateView(state),
        ...(allotments.isElsewhere(state) ? { countedBy: state.node ?? '' } : {}),
      })),
    ),
  );
  return states.flat();
}

function stateView({ unit, total, perCall, spent, reserved, left, until_s, periods }: BudgetState) {
  return {
    unit,
    ...(total === undefined ? {} : { total }),
    ...(perCall === undefined ? {} : { perCall }),
    spent,
    reserved,
    ...(total === undefined || left === undefined ? {} : { left }),
    ...(until_s === undefined ? {} : { until: instantOf(until_s) }),
    periods: periods.map((one) => ({
      period: one.period,
      limit: one.limit,
      spent: one.spent,
      reserved: one.reserved,
      left: one.left ?? one.limit,
      endsAt: new Date(one.end_ms).toISOString(),
    })),
  };
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
