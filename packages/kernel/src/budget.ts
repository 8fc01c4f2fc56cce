import { PERIODIC, type GrantBudget } from '@anarq/authority';
import { fail, type AnyOperation } from '@anarq/common-schemas';
import type { Row, Store } from '@anarq/store';
import { askFor } from './askFor.ts';
import { minorOf, textOfMinor } from './budgetCounters.ts';
import { periodAt } from './budgetPeriods.ts';
import type { Capability, DrawnPeriod, Reservation } from './capability.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';

/** What a call asks of one budget, in the unit that it names. */
interface Asking {
  readonly amount: string;
  readonly unit: string;
}

const ONE_CALL = { amount: '1', unit: 'call' };

/** Whether a call has a limit to be held against: it spends, or a grant behind it counts calls. */
export const isLimited = (inv: Invocation): boolean =>
  inv.compiled.op.authorises !== undefined || inv.isCounted === true;

/** Within which limit? Holds the ceiling of the call against every link that carries a budget. */
export async function checkBudget(
  inv: Invocation,
  services: Services,
  store: Store,
  isFollower = false,
): Promise<void> {
  const { op } = inv.compiled;
  inv.reservations = [];
  const budgets = await budgetsOf(inv, services);
  const [first] = budgets;
  if (isFollower && first !== undefined) keptElsewhere(op, first);
  const draw = new Draw(inv, services, store);
  for (const budget of budgets)
    if (budget.counts === 'calls') inv.reservations.push(await draw.from(budget, ONE_CALL));
  if (op.authorises === undefined) return;
  const amounts = budgets.filter(({ counts }) => counts === 'amount');
  const ceiling = ceilingOf(op, inv.call.input);
  if (ceiling === undefined) return amounts[0] && unbounded(op, amounts[0]);
  inv.ceiling = ceiling;
  if (inv.capability !== undefined) checkCapability(inv.capability, op, ceiling);
  for (const budget of amounts) inv.reservations.push(await draw.from(budget, ceiling));
}

/** Draws on budgets for one call, and says which limit it meets. */
class Draw {
  readonly #inv: Invocation;
  readonly #services: Services;
  readonly #store: Store;

  constructor(inv: Invocation, services: Services, store: Store) {
    this.#inv = inv;
    this.#services = services;
    this.#store = store;
  }

  /** @throws BUDGET_EXCEEDED */
  async from(budget: GrantBudget, asked: Asking): Promise<Reservation> {
    const { unit, perCall, until_s, counter, total } = budget;
    const refuse = (rule: string, facts: Readonly<Record<string, string>>): never =>
      this.#refuse(budget, asked, rule, facts);
    if (unit !== asked.unit) refuse(`the budget is in ${unit}, the call in ${asked.unit}`, {});
    const amount_minor = minorOf(asked.amount, unit);
    if (perCall !== undefined && amount_minor > minorOf(perCall, unit))
      refuse(`one call may spend ${perCall} ${unit}`, { perCall });
    if (until_s !== undefined && amount_minor > 0n && this.#inv.now_ms >= until_s * 1000) {
      const until = instant(until_s * 1000);
      refuse(`the budget ended at ${until}`, { until });
    }
    const [row] = await this.#store.read('SELECT * FROM kernel_budget WHERE grant_cid = :counter', {
      counter,
    });
    const left = leftOf(row);
    if (left !== undefined && amount_minor > left)
      refuse(`${textOfMinor(left, unit)} ${unit} are left of ${total}`, {
        total: total ?? '',
        left: textOfMinor(left, unit),
      });
    const periods = await this.#periods(budget, asked, amount_minor);
    return { grant: counter, unit, amount_minor, ...(periods.length === 0 ? {} : { periods }) };
  }

  /** The periods in which the call lies, of each that the budget limits. */
  async #periods(budget: GrantBudget, asked: Asking, amount_minor: bigint): Promise<DrawnPeriod[]> {
    const { unit, counter } = budget;
    const drawn: DrawnPeriod[] = [];
    for (const { member, period } of PERIODIC) {
      const limit = budget[member];
      if (limit === undefined) continue;
      const { start_ms, end_ms } = periodAt(period, this.#inv.now_ms);
      const [row] = await this.#store.read(
        `SELECT * FROM kernel_budget_period
         WHERE grant_cid = :counter AND period = :period AND start_ms = :start_ms`,
        { counter, period, start_ms },
      );
      const limit_minor = minorOf(limit, unit);
      const left = limit_minor - takenOf(row);
      if (amount_minor > left) {
        const [leftText, again] = [textOfMinor(left, unit), instant(end_ms)];
        const rule = `${leftText} ${unit} are left of ${limit} this ${period}, which ends at ${again}`;
        this.#refuse(budget, asked, rule, { [member]: limit, left: leftText, again });
      }
      drawn.push({ period, start_ms, limit_minor });
    }
    return drawn;
  }

  #refuse(
    { cid, unit, issuer }: GrantBudget,
    asked: Asking,
    rule: string,
    facts: Readonly<Record<string, string>>,
  ): never {
    const { op } = this.#inv.compiled;
    const limit = { unit, asked: asked.amount, ...facts };
    const why = { grant: cid, rule, limit, changeableBy: issuer };
    const details = { why, operation: op.id, ...askFor(this.#inv, this.#services, why) };
    return fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, details);
  }
}

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

function unbounded(op: AnyOperation, { cid, unit, issuer }: GrantBudget): never {
  const rule = 'the call does not say how much it may spend';
  return fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, {
    why: { grant: cid, rule, limit: { unit }, changeableBy: issuer },
    operation: op.id,
  });
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
    .filter(({ counter }) => !held.has(counter));
  return [...new Map(budgets.map((budget) => [budget.counter, budget])).values()];
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

const takenOf = (row: Row | undefined): bigint =>
  row === undefined ? 0n : (row['spent_minor'] as bigint) + (row['reserved_minor'] as bigint);

function leftOf(row: Row | undefined): bigint | undefined {
  if (row === undefined || row['total_minor'] === null) return undefined;
  return (row['total_minor'] as bigint) - takenOf(row);
}
