import type { GrantBudget } from '@anarq/authority';
import { PERIODIC } from '@anarq/authority';
import { canonicalJson } from '@anarq/crypto';
import type { Params, Statement } from '@anarq/store';
import { isCalls, minorOf, usedMinor, type Used } from './budgetCounters.ts';
import type { Reservation } from './capability.ts';
import { traceOf, type Invocation } from './invocation.ts';
import type { KernelParts } from './parts.ts';

/** Announced in the contract of the module `qonsent`, which owns grants. */
const TOPIC = 'q.qonsent.budget.alert.v1';

/** What is left of a limit at each level at most, as a part of it: total / 5 is left at 80 %. */
const LEVELS = [
  { level: 'WARNING', percent: 80, leftOf: (total: bigint) => total / 5n },
  { level: 'CRITICAL', percent: 95, leftOf: (total: bigint) => total / 20n },
  { level: 'CUTOFF', percent: 100, leftOf: () => 0n },
] as const;

/** One counter that a spend moves, and the limit that it nears. */
interface Counter {
  readonly limit: string;
  /** Names it among the others of its link. */
  readonly suffix: string;
  readonly from: string;
  readonly params: Params;
  readonly told: Readonly<Record<string, string>>;
}

/**
 * Events for budgets that a spend takes over a level, for the commit of that spend and after its
 * change of the counters. What was spent only grows, so each level is passed once, in each period.
 */
export async function budgetAlerts(
  inv: Invocation,
  parts: KernelParts,
  used: Used,
  record: string,
): Promise<Statement[]> {
  if (inv.reservations.length === 0) return [];
  // A node without the module has nobody to announce it.
  if (parts.services.node.modules['qonsent'] === undefined) return [];
  const alerts = await Promise.all(
    inv.reservations.map((reservation) => alertsOf(reservation, inv, parts, used, record)),
  );
  return alerts.flat();
}

/** The same for the calls that an admission counts; what it holds is told of when it is spent. */
export const callAlerts = (
  inv: Invocation,
  parts: KernelParts,
  record: string,
): Promise<Statement[]> =>
  budgetAlerts(
    { ...inv, reservations: inv.reservations.filter(isCalls) },
    parts,
    undefined,
    record,
  );

async function alertsOf(
  reservation: Reservation,
  inv: Invocation,
  parts: KernelParts,
  used: Used,
  record: string,
): Promise<Statement[]> {
  const spent = usedMinor(reservation, used);
  // The node that counts the budget is told when the allotment is settled there.
  if (spent === 0n || reservation.allotment !== undefined) return [];
  const counter = reservation.grant;
  const [cid = counter] = counter.split('#');
  const grant = await parts.services.grants.active(cid);
  const budget = grant?.budgets.find((one) => one.counter === counter);
  // A budget whose grant has ended is cut off already.
  if (grant === undefined || budget === undefined) return [];
  const { issuer, unit } = budget;
  return countersOf(budget, reservation).flatMap(({ limit, suffix, from, params, told }) => {
    const limit_minor = minorOf(limit, unit);
    return LEVELS.map(({ level, percent, leftOf }) => ({
      name: `budget ${counter} ${level}`,
      sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms, traceparent, viewers)
            SELECT :id, :tenant, 'qonsent', :topic, :cid, :data, :record, :at_ms, :traceparent, :viewers
            FROM ${from} AND spent_minor >= :threshold AND spent_minor - :spent < :threshold`,
      params: {
        ...params,
        id: `${record}.budget.${counter}${suffix}.${level}`,
        tenant: inv.principal.tenant,
        topic: TOPIC,
        cid,
        data: canonicalJson({
          grant: cid,
          issuer,
          audience: grant.audience,
          level,
          percent,
          unit,
          total: limit,
          ...told,
        }),
        record,
        at_ms: inv.now_ms,
        traceparent: traceOf(inv).traceparent ?? null,
        viewers: JSON.stringify([issuer, grant.audience]),
        threshold: limit_minor - leftOf(limit_minor),
        spent,
      },
    }));
  });
}

function countersOf(budget: GrantBudget, { periods = [] }: Reservation): Counter[] {
  const { counter, total } = budget;
  return [
    ...(total === undefined
      ? []
      : [
          {
            limit: total,
            suffix: '',
            from: 'kernel_budget WHERE grant_cid = :counter',
            params: { counter },
            told: {},
          },
        ]),
    ...PERIODIC.flatMap(({ member, period }) => {
      const drawn = periods.find((one) => one.period === period);
      const limit = budget[member];
      if (drawn === undefined || limit === undefined) return [];
      const { start_ms } = drawn;
      return [
        {
          limit,
          suffix: `.${period}`,
          from: 'kernel_budget_period WHERE grant_cid = :counter AND period = :period AND start_ms = :start_ms',
          params: { counter, period, start_ms },
          told: { period, periodStart: new Date(start_ms).toISOString() },
        },
      ];
    }),
  ];
}
