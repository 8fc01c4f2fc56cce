import type { GrantBudget } from '@anarq/authority';
import { fail, type AnyOperation } from '@anarq/common-schemas';
import { DecimalError, formatMinor, parseMinor } from '@anarq/decimal';
import type { Row, Statement, Store } from '@anarq/store';
import { askFor } from './askFor.ts';
import type { Capability, Reservation } from './capability.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';

/** Within which limit? Holds the ceiling of the call against every link that carries a budget. */
export async function checkBudget(
  inv: Invocation,
  services: Services,
  store: Store,
  isFollower = false,
): Promise<void> {
  const { op } = inv.compiled;
  inv.reservations = [];
  const ceiling = ceilingOf(op, inv.call.input);
  const budgets = await budgetsOf(inv, services);
  if (isFollower && budgets[0] !== undefined) keptElsewhere(op, budgets[0]);
  if (ceiling === undefined) {
    const [first] = budgets;
    if (first === undefined) return;
    const rule = 'the call does not say how much it may spend';
    fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, {
      why: { grant: first.cid, rule, limit: { unit: first.unit }, changeableBy: first.issuer },
      operation: op.id,
    });
  }
  inv.ceiling = ceiling;
  if (inv.capability !== undefined) checkCapability(inv.capability, op, ceiling);
  const amount_minor = minorOf(ceiling.amount, ceiling.unit);
  for (const budget of budgets) {
    const limit = (rule: string, facts: Record<string, string>): never => {
      const why = {
        grant: budget.cid,
        rule,
        limit: { unit: budget.unit, asked: ceiling.amount, ...facts },
        changeableBy: budget.issuer,
      };
      const details = { why, operation: op.id, ...askFor(inv, services, why) };
      return fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, details);
    };
    if (budget.unit !== ceiling.unit)
      limit(`the budget is in ${budget.unit}, the call in ${ceiling.unit}`, {});
    if (budget.perCall !== undefined && amount_minor > minorOf(budget.perCall, budget.unit))
      limit(`one call may spend ${budget.perCall} ${budget.unit}`, { perCall: budget.perCall });
    const [row] = await store.read('SELECT * FROM kernel_budget WHERE grant_cid = :cid', {
      cid: budget.cid,
    });
    const left = leftOf(row);
    if (left !== undefined && amount_minor > left) {
      const leftText = formatMinor(left, budget.unit);
      limit(`${leftText} ${budget.unit} are left of ${budget.total}`, {
        total: budget.total ?? '',
        left: leftText,
      });
    }
    inv.reservations.push({ grant: budget.cid, unit: budget.unit, amount_minor });
  }
}

/** Two counters would be two budgets: the process that decides keeps the only one. */
function keptElsewhere(op: AnyOperation, budget: GrantBudget): never {
  const rule =
    'the budget of the grant is counted by another process of this node, and nothing of it is set aside for this call';
  return fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, {
    why: { grant: budget.cid, rule, limit: { unit: budget.unit }, changeableBy: budget.issuer },
    operation: op.id,
  });
}

/**
 * The budgets behind a call, each link once. A step counts against those that its process did not
 * reserve already: of grants that only the step draws on.
 */
async function budgetsOf(inv: Invocation, services: Services): Promise<GrantBudget[]> {
  // A job outlives the process that began it, and what that one reserved: it holds its own.
  const isJob = inv.compiled.op.job !== undefined;
  const held = new Set(isJob ? [] : inv.capability?.held);
  const grants = await Promise.all(inv.grants.map((leaf) => services.grants.active(leaf)));
  const budgets = grants
    .flatMap((grant) => grant?.budgets ?? [])
    .filter(({ cid }) => !held.has(cid));
  return [...new Map(budgets.map((budget) => [budget.cid, budget])).values()];
}

/** The most that a call may spend, from the members of its input that the contract names. */
export function ceilingOf(
  op: AnyOperation,
  input: unknown,
): { amount: string; unit: string } | undefined {
  if (op.authorises === undefined) return undefined;
  const members = input as Readonly<Record<string, unknown>>;
  const amount = members[op.authorises.amount];
  const unit = members[op.authorises.unit];
  if (typeof amount !== 'string' || typeof unit !== 'string') return undefined;
  if (minorOf(amount, unit) < 0n)
    fail('AMOUNT_INVALID', 'An amount to spend is not negative.', { amount, unit });
  return { amount, unit };
}

/** A step spends within the ceiling that the caller of its process signed. */
function checkCapability(
  { ceiling: signed }: Capability,
  op: AnyOperation,
  ceiling: { amount: string; unit: string },
): void {
  const within =
    signed !== undefined &&
    signed.unit === ceiling.unit &&
    minorOf(ceiling.amount, ceiling.unit) <= minorOf(signed.amount, signed.unit);
  if (!within)
    fail('BUDGET_EXCEEDED', `${op.id} would spend more than the caller signed.`, {
      why: {
        rule: `the caller signed at most ${signed?.amount ?? '0'} ${signed?.unit ?? ceiling.unit}`,
        limit: { asked: ceiling.amount, unit: ceiling.unit },
      },
    });
}

/** @throws AMOUNT_INVALID */
export function minorOf(amount: string, unit: string): bigint {
  try {
    return parseMinor(amount, unit);
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return fail('AMOUNT_INVALID', `${error.message}`, { amount, unit });
  }
}

function leftOf(row: Row | undefined): bigint | undefined {
  if (row === undefined || row['total_minor'] === null) return undefined;
  return (
    (row['total_minor'] as bigint) -
    (row['spent_minor'] as bigint) -
    (row['reserved_minor'] as bigint)
  );
}

/** Spends at once: for a command, whose one commit is both reservation and settlement. */
export const spend = (reservations: readonly Reservation[], used: Used): Statement[] =>
  reservations.map((r) => change(r, usedMinor(r, used), 0n));

/** Holds the ceiling while a process runs. */
export const reserve = (reservations: readonly Reservation[]): Statement[] =>
  reservations.map((r) => change(r, 0n, r.amount_minor));

/** Ends a reservation with what was really used; the rest is free again. */
export const settle = (reservations: readonly Reservation[], used: Used): Statement[] =>
  reservations.map((r) => change(r, usedMinor(r, used), -r.amount_minor));

/** What a handler said it spent; undefined: all that it was allowed. */
export type Used = { readonly amount: string; readonly unit: string } | undefined;

/** What a call took of a reservation, in minor units. */
export function usedMinor(reservation: Reservation, used: Used): bigint {
  if (used === undefined) return reservation.amount_minor;
  const spent = minorOf(used.amount, used.unit);
  if (spent > reservation.amount_minor || spent < 0n)
    fail('INTERNAL', 'A handler spent more than its call was allowed.');
  return spent;
}

const change = (r: Reservation, spent: bigint, reserved: bigint): Statement => ({
  name: `budget ${r.grant}`,
  sql: `UPDATE kernel_budget SET spent_minor = spent_minor + :spent, reserved_minor = reserved_minor + :reserved
        WHERE grant_cid = :grant
          AND (total_minor IS NULL OR spent_minor + reserved_minor + :spent + :reserved <= total_minor)`,
  params: { grant: r.grant, spent, reserved },
  expect: { changes: 1 },
});
