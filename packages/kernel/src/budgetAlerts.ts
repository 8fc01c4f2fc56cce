import { canonicalJson } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import { minorOf, usedMinor, type Used } from './budget.ts';
import type { Reservation } from './capability.ts';
import { traceOf, type Invocation } from './invocation.ts';
import type { KernelParts } from './parts.ts';

/** Announced in the contract of the module `qonsent`, which owns grants. */
const TOPIC = 'q.qonsent.budget.alert.v1';

/** What is left of a total at each level at most, as a part of it: total / 5 is left at 80 %. */
const LEVELS = [
  { level: 'WARNING', percent: 80, leftOf: (total: bigint) => total / 5n },
  { level: 'CRITICAL', percent: 95, leftOf: (total: bigint) => total / 20n },
  { level: 'CUTOFF', percent: 100, leftOf: () => 0n },
] as const;

/**
 * Events for budgets that a spend takes over a level, for the commit of that spend and after its
 * change of the counters. What was spent only grows, so each level is passed once.
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

async function alertsOf(
  reservation: Reservation,
  inv: Invocation,
  parts: KernelParts,
  used: Used,
  record: string,
): Promise<Statement[]> {
  const spent = usedMinor(reservation, used);
  if (spent === 0n) return [];
  const cid = reservation.grant;
  const grant = await parts.services.grants.active(cid);
  const budget = grant?.budgets.find((one) => one.cid === cid);
  // A budget whose grant has ended is cut off already.
  if (grant === undefined || budget?.total === undefined) return [];
  const total = minorOf(budget.total, budget.unit);
  return LEVELS.map(({ level, percent, leftOf }) => ({
    name: `budget ${cid} ${level}`,
    sql: `INSERT INTO kernel_outbox (id, tenant, module, topic, subject, data, record, at_ms, traceparent, viewers)
          SELECT :id, :tenant, 'qonsent', :topic, :cid, :data, :record, :at_ms, :traceparent, :viewers
          FROM kernel_budget
          WHERE grant_cid = :cid AND spent_minor >= :threshold AND spent_minor - :spent < :threshold`,
    params: {
      id: `${record}.budget.${cid}.${level}`,
      tenant: inv.principal.tenant,
      topic: TOPIC,
      cid,
      data: canonicalJson({
        grant: cid,
        issuer: budget.issuer,
        audience: grant.audience,
        level,
        percent,
        unit: budget.unit,
        total: budget.total,
      }),
      record,
      at_ms: inv.now_ms,
      traceparent: traceOf(inv).traceparent ?? null,
      viewers: JSON.stringify([budget.issuer, grant.audience]),
      threshold: total - leftOf(total),
      spent,
    },
  }));
}
