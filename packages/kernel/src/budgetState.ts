import {
  CALLS_KEY,
  decodeDelegation,
  parseBudget,
  parseCalls,
  PERIODIC,
  type Budget,
  type Period,
} from '@anarq/authority';
import type { Row, Store } from '@anarq/store';
import { minorOf, textOfMinor } from './budgetCounters.ts';
import { periodAt } from './budgetPeriods.ts';

/** What was taken of a limit, in decimal strings of its unit. */
interface Taken {
  readonly spent: string;
  readonly reserved: string;
  /** Absent where there is no limit. */
  readonly left?: string;
}

/** How one budget of a link stands now. */
export interface BudgetState extends Taken {
  /** The name of its counter: the CID of the link, and more where it counts calls. */
  readonly counter: string;
  readonly counts: 'amount' | 'calls';
  readonly unit: string;
  readonly total: string | undefined;
  readonly perCall: string | undefined;
  readonly until_s: number | undefined;
  /** The node that counts it, where the token names one. */
  readonly node: string | undefined;
  /** Those that it limits, each as it stands now. */
  readonly periods: readonly PeriodState[];
}

interface PeriodState extends Taken {
  readonly period: Period;
  readonly limit: string;
  readonly end_ms: number;
}

/** The budgets that a delegation carries, with what was taken of each: of amounts, then of calls. */
export async function budgetStatesOf(
  store: Store,
  token: Uint8Array,
  now_ms: number,
): Promise<BudgetState[]> {
  const { cid, meta } = decodeDelegation(token);
  const amounts = parseBudget(meta);
  const calls = parseCalls(meta);
  const states = [
    ...(amounts === undefined
      ? []
      : [{ budget: amounts, counts: 'amount' as const, counter: cid }]),
    ...(calls === undefined
      ? []
      : [{ budget: calls, counts: 'calls' as const, counter: `${cid}#${CALLS_KEY}` }]),
  ];
  return Promise.all(
    states.map(async ({ budget, counts, counter }) => {
      const [row] = await store.read('SELECT * FROM kernel_budget WHERE grant_cid = :counter', {
        counter,
      });
      const { unit, total, perCall, until_s, node } = budget;
      return {
        counter,
        counts,
        unit,
        // What a restored copy may not spend any more is less than the token says.
        total: totalOf(row, unit) ?? total,
        perCall,
        until_s,
        node,
        ...taken(row, unit, totalOf(row, unit) ?? total),
        periods: await periodsOf(store, budget, counter, now_ms),
      };
    }),
  );
}

async function periodsOf(
  store: Store,
  budget: Budget,
  counter: string,
  now_ms: number,
): Promise<PeriodState[]> {
  const periods: PeriodState[] = [];
  for (const { member, period } of PERIODIC) {
    const limit = budget[member];
    if (limit === undefined) continue;
    const { start_ms, end_ms } = periodAt(period, now_ms);
    const [row] = await store.read(
      `SELECT * FROM kernel_budget_period
       WHERE grant_cid = :counter AND period = :period AND start_ms = :start_ms`,
      { counter, period, start_ms },
    );
    periods.push({ period, limit, end_ms, ...taken(row, budget.unit, limit) });
  }
  return periods;
}

function totalOf(row: Row | undefined, unit: string): string | undefined {
  const total = row?.['total_minor'] ?? null;
  return total === null ? undefined : textOfMinor(total as bigint, unit);
}

function taken(row: Row | undefined, unit: string, limit: string | undefined): Taken {
  const spent = (row?.['spent_minor'] ?? 0n) as bigint;
  const reserved = (row?.['reserved_minor'] ?? 0n) as bigint;
  return {
    spent: textOfMinor(spent, unit),
    reserved: textOfMinor(reserved, unit),
    ...(limit === undefined
      ? {}
      : { left: textOfMinor(minorOf(limit, unit) - spent - reserved, unit) }),
  };
}
