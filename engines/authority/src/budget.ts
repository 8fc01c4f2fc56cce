import { AuthorityError } from './errors.ts';
import { isMap } from './ipld.ts';

/** What one link of a chain lets its holder spend. Decimal strings, never numbers. */
export interface Budget {
  readonly unit: string;
  /** All calls together. */
  readonly total?: string;
  /** One call. */
  readonly perCall?: string;
  /** All calls of one minute, hour, day or month of UTC. */
  readonly perMinute?: string;
  readonly perHour?: string;
  readonly perDay?: string;
  readonly perMonth?: string;
  /** Seconds since the Unix epoch from which on nothing more is drawn. */
  readonly until_s?: number;
  /** DID of the node that counts it; on any other, only what that one set aside may be spent. */
  readonly node?: string;
}

/** The members of a delegation's `meta` that hold what may be spent, and how many calls there may be. */
export const BUDGET_KEY = 'q/budget';
export const CALLS_KEY = 'q/calls';
/** The unit in which calls are counted; no unit of amounts. */
export const CALLS_UNIT = 'call';

/** The limits of a budget that are counted over a period, and which. */
export const PERIODIC = [
  { member: 'perMinute', period: 'minute' },
  { member: 'perHour', period: 'hour' },
  { member: 'perDay', period: 'day' },
  { member: 'perMonth', period: 'month' },
] as const;
export type Period = (typeof PERIODIC)[number]['period'];

const UNIT = /^[A-Za-z][A-Za-z0-9._:/-]{0,63}$/;
const AMOUNT = /^(?:0|[1-9]\d{0,37})(?:\.\d{1,18})?$/;
const NODE = /^did:[a-z0-9]{1,32}:[A-Za-z0-9._:%-]{1,256}$/;
const CALLS_MAX = 1_000_000_000;
const PERIODIC_LIMITS = PERIODIC.map(({ member }) => member);
const AMOUNTS = ['total', 'perCall', ...PERIODIC_LIMITS] as const;
const COUNTS = ['total', ...PERIODIC_LIMITS] as const;

/**
 * Reads the budget of a delegation.
 *
 * @param meta the delegation's `meta`
 * @returns the budget, or undefined where `meta` has none
 * @throws AuthorityError MALFORMED for an unknown member, a bad amount, or one that limits nothing
 */
export function parseBudget(meta: Readonly<Record<string, unknown>>): Budget | undefined {
  const raw = mapAt(meta, BUDGET_KEY, ['unit', ...AMOUNTS, 'until_s', 'node']);
  if (raw === undefined) return undefined;
  const { unit, until_s, node } = raw;
  if (typeof unit !== 'string' || !UNIT.test(unit) || unit === CALLS_UNIT)
    throw malformed('needs a unit');
  if (until_s !== undefined && !Number.isSafeInteger(until_s))
    throw malformed('until_s must be whole seconds since the Unix epoch');
  if (node !== undefined && (typeof node !== 'string' || !NODE.test(node)))
    throw malformed('node must be a DID');
  const limits = limitsOf(raw, AMOUNTS, parseAmount);
  if (Object.keys(limits).length === 0)
    throw malformed('needs total, perCall or a limit of a period');
  return {
    unit,
    ...limits,
    ...(typeof until_s === 'number' ? { until_s } : {}),
    ...(typeof node === 'string' ? { node } : {}),
  };
}

/**
 * Reads how many calls a delegation lets its holder make, as a budget in the unit `call`.
 *
 * @param meta the delegation's `meta`
 * @returns the limits, or undefined where `meta` has none
 * @throws AuthorityError MALFORMED for an unknown member, no whole number, or no limit at all
 */
export function parseCalls(meta: Readonly<Record<string, unknown>>): Budget | undefined {
  const raw = mapAt(meta, CALLS_KEY, COUNTS);
  if (raw === undefined) return undefined;
  const limits = limitsOf(raw, COUNTS, parseCount);
  if (Object.keys(limits).length === 0) throw malformed('needs a limit', CALLS_KEY);
  return { unit: CALLS_UNIT, ...limits };
}

function mapAt(
  meta: Readonly<Record<string, unknown>>,
  key: string,
  members: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  if (!Object.hasOwn(meta, key)) return undefined;
  const raw = meta[key];
  if (isMap(raw) && Object.keys(raw).every((member) => members.includes(member))) return raw;
  throw malformed(`must be a map of ${members.join(', ')}`, key);
}

const limitsOf = (
  raw: Readonly<Record<string, unknown>>,
  members: readonly (typeof AMOUNTS)[number][],
  parse: (value: unknown) => string,
): Partial<Record<(typeof AMOUNTS)[number], string>> =>
  Object.fromEntries(
    members.flatMap((member) =>
      raw[member] === undefined ? [] : [[member, parse(raw[member])] as const],
    ),
  );

function parseCount(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= CALLS_MAX)
    return String(value);
  throw malformed(`a limit must be a whole number from 1 to ${CALLS_MAX}`, CALLS_KEY);
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
export function widens(child: Budget, parent: Budget): keyof Budget | undefined {
  if (child.unit !== parent.unit) return undefined;
  const { until_s = Infinity } = parent;
  if (child.until_s !== undefined && child.until_s > until_s) return 'until_s';
  return AMOUNTS.find((member) => isGreater(child[member], parent[member]));
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

function malformed(why: string, key = BUDGET_KEY): AuthorityError {
  return new AuthorityError('MALFORMED', `${key} ${why}`);
}
