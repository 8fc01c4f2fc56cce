import { PERIODIC, type GrantBudget } from '@anarq/authority';
import type { Row, Store } from '@anarq/store';
import { minorOf, textOfMinor } from './budgetCounters.ts';
import { periodAt } from './budgetPeriods.ts';
import type { DrawnPeriod, Reservation } from './capability.ts';

/** What is asked of one budget, in the unit that it names. */
export interface Asking {
  readonly amount: string;
  readonly unit: string;
}

/** Which limit does not hold, in words and as facts. */
export interface Unmet {
  readonly rule: string;
  readonly facts: Readonly<Record<string, string>>;
}

const unmet = (rule: string, facts: Unmet['facts'] = {}): Unmet => ({ rule, facts });
const instant = (at_ms: number): string => new Date(at_ms).toISOString();

/** What a budget says of one call, whoever counts it: its unit, the most of a call, and its end. */
export function unmetByTerms(
  { unit, perCall, until_s }: GrantBudget,
  asked: Asking,
  now_ms: number,
): Unmet | undefined {
  if (unit !== asked.unit) return unmet(`the budget is in ${unit}, the call in ${asked.unit}`);
  const amount_minor = minorOf(asked.amount, unit);
  if (perCall !== undefined && amount_minor > minorOf(perCall, unit))
    return unmet(`one call may spend ${perCall} ${unit}`, { perCall });
  if (until_s === undefined || amount_minor === 0n || now_ms < until_s * 1000) return undefined;
  const until = instant(until_s * 1000);
  return unmet(`the budget ended at ${until}`, { until });
}

/** Draws on a budget that this node counts: in all, and in each period that it limits. */
export async function drawFrom(
  store: Store,
  budget: GrantBudget,
  asked: Asking,
  now_ms: number,
): Promise<Reservation | Unmet> {
  const { unit, counter, total } = budget;
  const amount_minor = minorOf(asked.amount, unit);
  const [row] = await store.read('SELECT * FROM kernel_budget WHERE grant_cid = :counter', {
    counter,
  });
  const left = leftOf(row);
  if (left !== undefined && amount_minor > left) {
    const text = textOfMinor(left, unit);
    return unmet(`${text} ${unit} are left of ${total}`, { total: total ?? '', left: text });
  }
  const periods: DrawnPeriod[] = [];
  for (const { member, period } of PERIODIC) {
    const limit = budget[member];
    if (limit === undefined) continue;
    const { start_ms, end_ms } = periodAt(period, now_ms);
    const [taken] = await store.read(
      `SELECT * FROM kernel_budget_period
       WHERE grant_cid = :counter AND period = :period AND start_ms = :start_ms`,
      { counter, period, start_ms },
    );
    const limit_minor = minorOf(limit, unit);
    const leftNow = limit_minor - takenOf(taken);
    if (amount_minor > leftNow) {
      const [text, again] = [textOfMinor(leftNow, unit), instant(end_ms)];
      return unmet(`${text} ${unit} are left of ${limit} this ${period}, which ends at ${again}`, {
        [member]: limit,
        left: text,
        again,
      });
    }
    periods.push({ period, start_ms, limit_minor });
  }
  return { grant: counter, unit, amount_minor, ...(periods.length === 0 ? {} : { periods }) };
}

export const isUnmet = (drawn: Reservation | Unmet): drawn is Unmet => 'rule' in drawn;

export const takenOf = (row: Row | undefined): bigint =>
  row === undefined ? 0n : (row['spent_minor'] as bigint) + (row['reserved_minor'] as bigint);

function leftOf(row: Row | undefined): bigint | undefined {
  if (row === undefined || row['total_minor'] === null) return undefined;
  return (row['total_minor'] as bigint) - takenOf(row);
}
