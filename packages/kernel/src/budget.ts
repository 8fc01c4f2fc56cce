import type { GrantBudget } from '@anarq/authority';
import { fail, type AnyOperation } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';
import { askFor } from './askFor.ts';
import { minorOf, textOfMinor } from './budgetCounters.ts';
import { drawFrom, isUnmet, unmetByTerms, type Asking, type Unmet } from './budgetDraw.ts';
import type { Capability, Reservation } from './capability.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';

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
  for (const budget of amounts) draw.checkTerms(budget, ceiling);
  const elsewhere = amounts.filter(services.allotments.isElsewhere);
  for (const budget of amounts)
    if (!elsewhere.includes(budget)) inv.reservations.push(await draw.from(budget, ceiling));
  for (const node of new Set(elsewhere.map((budget) => budget.node ?? '')))
    inv.reservations.push(
      await draw.fromAllotment(
        node,
        elsewhere.filter((budget) => budget.node === node),
        ceiling,
      ),
    );
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
  checkTerms(budget: GrantBudget, asked: Asking): void {
    const found = unmetByTerms(budget, asked, this.#inv.now_ms);
    if (found !== undefined) this.#refuse(budget, asked, found);
  }

  /** From a budget that this node counts. @throws BUDGET_EXCEEDED */
  async from(budget: GrantBudget, asked: Asking): Promise<Reservation> {
    const drawn = await drawFrom(this.#store, budget, asked, this.#inv.now_ms);
    return isUnmet(drawn) ? this.#refuse(budget, asked, drawn) : drawn;
  }

  /** From what another node, which counts these budgets, set aside for this one. @throws BUDGET_EXCEEDED */
  async fromAllotment(
    node: string,
    budgets: readonly GrantBudget[],
    asked: Asking,
  ): Promise<Reservation> {
    const { allotments, grants } = this.#services;
    const { unit } = asked;
    const amount_minor = minorOf(asked.amount, unit);
    const links = new Set(budgets.map(({ cid }) => cid));
    let left_minor = 0n;
    for (const leaf of this.#inv.grants) {
      const chain = new Set((await grants.active(leaf))?.chain);
      if (![...links].every((link) => chain.has(link))) continue;
      const found = await allotments.find(node, leaf, amount_minor, this.#inv.now_ms);
      const covers = budgets.map(({ counter }) => counter);
      if ('id' in found)
        return { grant: leaf, unit, amount_minor, allotment: { from: node, id: found.id, covers } };
      if (found.left_minor > left_minor) left_minor = found.left_minor;
    }
    const [first] = budgets;
    if (first === undefined) throw new Error('no budget is counted elsewhere');
    const left = textOfMinor(left_minor, unit);
    const rule = `the budget is counted by ${node}; of what that node set aside for this one, ${left} ${unit} are left`;
    return this.#refuse(first, asked, { rule, facts: { countedBy: node, left } });
  }

  #refuse({ cid, unit, issuer }: GrantBudget, asked: Asking, { rule, facts }: Unmet): never {
    const { op } = this.#inv.compiled;
    const limit = { unit, asked: asked.amount, ...facts };
    const why = { grant: cid, rule, limit, changeableBy: issuer };
    // What decided is what the record of the refusal says.
    this.#inv.why = why;
    const details = { why, operation: op.id, ...askFor(this.#inv, this.#services, why) };
    return fail('BUDGET_EXCEEDED', `${op.id} is refused: ${rule}.`, details);
  }
}

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
