import { AuthorityError } from './errors.ts';
import { isMap } from './ipld.ts';

/** What one link of a chain lets its holder spend. Decimal strings, never numbers. */
export interface Budget {
  readonly unit: string;
  /** All calls together. */
  readonly total?: string;
  /** One call. */
  readonly perCall?: string;
}

/** The member of a delegation's `meta` that holds its budget. */
export const BUDGET_KEY = 'q/budget';

const UNIT = /^[A-Za-z][A-Za-z0-9._:/-]{0,63}$/;
const AMOUNT = /^(?:0|[1-9]\d{0,37})(?:\.\d{1,18})?$/;
const MEMBERS: readonly string[] = ['unit', 'total', 'perCall'];

/**
 * Reads the budget of a delegation.
 *
 * @param meta the delegation's `meta`
 * @returns the budget, or undefined where `meta` has none
 * @throws AuthorityError MALFORMED for an unknown member, a bad amount, or one that limits nothing
 */
export function parseBudget(meta: Readonly<Record<string, unknown>>): Budget | undefined {
  if (!Object.hasOwn(meta, BUDGET_KEY)) return undefined;
  const raw = meta[BUDGET_KEY];
  if (!isMap(raw) || Object.keys(raw).some((key) => !MEMBERS.includes(key))) {
    throw malformed(`must be a map of ${MEMBERS.join(', ')}`);
  }
  const { unit, total, perCall } = raw;
  if (typeof unit !== 'string' || !UNIT.test(unit)) throw malformed('needs a unit');
  if (total === undefined && perCall === undefined) throw malformed('needs total or perCall');
  return {
    unit,
    ...(total === undefined ? {} : { total: parseAmount(total) }),
    ...(perCall === undefined ? {} : { perCall: parseAmount(perCall) }),
  };
}

function parseAmount(value: unknown): string {
  if (typeof value === 'string' && AMOUNT.test(value)) return value;
  throw malformed('an amount must be a decimal string like "20" or "0.05"');
}

/**
 * Whether a link gives more than a link above it has. Budgets of other units do not compare: the
 * one above still binds every call.
 *
 * @returns the member that is larger, or undefined
 */
export function widens(child: Budget, parent: Budget): 'total' | 'perCall' | undefined {
  if (child.unit !== parent.unit) return undefined;
  if (isGreater(child.total, parent.total)) return 'total';
  return isGreater(child.perCall, parent.perCall) ? 'perCall' : undefined;
}

/** An absent limit of the child is no widening: the parent's own is still counted. */
function isGreater(child: string | undefined, parent: string | undefined): boolean {
  return child !== undefined && parent !== undefined && compareDecimals(child, parent) > 0;
}

/**
 * Compares two non-negative decimal strings exactly.
 *
 * @param a digits without leading zeros, with or without a fraction
 * @returns negative, zero or positive
 */
export function compareDecimals(a: string, b: string): number {
  const [wholeA = '', fractionA = ''] = a.split('.');
  const [wholeB = '', fractionB = ''] = b.split('.');
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  const digits = Math.max(fractionA.length, fractionB.length);
  const left = wholeA + fractionA.padEnd(digits, '0');
  const right = wholeB + fractionB.padEnd(digits, '0');
  return left < right ? -1 : left > right ? 1 : 0;
}

function malformed(why: string): AuthorityError {
  return new AuthorityError('MALFORMED', `${BUDGET_KEY} ${why}`);
}
