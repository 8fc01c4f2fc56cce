import type { Budget } from '@anarq/authority';
import type { Static } from '@anarq/common-schemas';
import type { BudgetModel, CallLimitsModel } from './models.ts';

type Model = Static<typeof BudgetModel>;
type Calls = Static<typeof CallLimitsModel>;

/** A budget as a delegation carries it: instants are whole seconds there. */
export function budgetTerms({ until, ...limits }: Model): Budget {
  return {
    ...definedOnly(limits),
    ...(until === undefined ? {} : { until_s: Math.floor(Date.parse(until) / 1000) }),
  };
}

/** The same as the contract says it. */
export function budgetModel({ until_s, ...limits }: Budget): Model {
  return { ...limits, ...(until_s === undefined ? {} : { until: instantOf(until_s) }) };
}

export const instantOf = (at_s: number): string => new Date(at_s * 1000).toISOString();

/** Limits on calls as a delegation carries them. */
export const callTerms = (calls: Calls): Calls => definedOnly(calls);

/** The same from the budget of calls that the engine read. */
export function callsModel({ total, perMinute, perHour, perDay, perMonth }: Budget): Calls {
  return definedOnly({
    total: numberOf(total),
    perMinute: numberOf(perMinute),
    perHour: numberOf(perHour),
    perDay: numberOf(perDay),
    perMonth: numberOf(perMonth),
  });
}

const numberOf = (count: string | undefined): number | undefined =>
  count === undefined ? undefined : Number(count);

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** DAG-CBOR knows no undefined. */
const definedOnly = <T extends object>(members: T): Defined<T> =>
  Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
