import {
  AuthorityError,
  BUDGET_KEY,
  CALLS_KEY,
  parseBudget,
  parseCalls,
  PERIODIC,
  parsePolicy,
  widens,
  type Budget,
  type Delegation,
} from '@anarq/authority';
import { fail, type JsonValue } from '@anarq/common-schemas';
import { DecimalError, parseMinor } from '@anarq/decimal';
import type { AskedTerms } from './store.ts';

/**
 * What is asked for is of a form that could be given, so that nobody is asked for nonsense.
 * @throws GRANT_MALFORMED for a policy, AMOUNT_INVALID for a budget
 */
export function checkAskable({ policy, budget, calls }: Omit<AskedTerms, 'command'>): void {
  try {
    parsePolicy(policy);
    if (budget !== undefined) parseBudget({ [BUDGET_KEY]: budget });
    if (calls !== undefined) parseCalls({ [CALLS_KEY]: calls });
  } catch (error) {
    if (!(error instanceof AuthorityError)) throw error;
    fail('GRANT_MALFORMED', `${error.message}.`, { rule: error.code });
  }
  if (budget !== undefined) checkAmounts(budget);
}

function checkAmounts(budget: Budget): void {
  const { unit } = budget;
  const amounts = [budget.total, budget.perCall, ...PERIODIC.map(({ member }) => budget[member])];
  for (const amount of amounts)
    try {
      if (amount !== undefined) parseMinor(amount, unit);
    } catch (error) {
      if (!(error instanceof DecimalError)) throw error;
      fail('AMOUNT_INVALID', error.message, { amount, unit });
    }
}

/**
 * That a delegation gives no more than was asked for: the same command, every statement of the
 * policy and perhaps more, a budget as small, an end as early.
 * @throws INPUT_INVALID that names the first member in which it gives more
 */
export function requireWithin(delegation: Delegation, asked: AskedTerms): void {
  const wider = widerMember(delegation, asked);
  if (wider !== undefined)
    fail('INPUT_INVALID', `The grant would give more than was asked for: ${wider}.`, {
      path: `/${wider}`,
    });
}

function widerMember(delegation: Delegation, asked: AskedTerms): string | undefined {
  if (delegation.cmd !== asked.command) return 'command';
  const said = new Set(delegation.pol.map(textOf));
  if (!asked.policy.every((statement) => said.has(textOf(statement)))) return 'policy';
  if (asked.expiresAt !== undefined) {
    const asked_s = Math.floor(Date.parse(asked.expiresAt) / 1000);
    if (delegation.exp === null || delegation.exp > asked_s) return 'expiresAt';
  }
  if (asked.budget !== undefined && !isWithin(parseBudget(delegation.meta), asked.budget))
    return 'budget';
  const isCounted = callsWithin(parseCalls(delegation.meta), asked.calls);
  return isCounted ? undefined : 'calls';
}

/** The same of how many calls there may be. */
const callsWithin = (given: Budget | undefined, asked: AskedTerms['calls']): boolean => {
  const limit = asked === undefined ? undefined : parseCalls({ [CALLS_KEY]: asked });
  return limit === undefined || isWithin(given, limit);
};

/** Every limit that was asked for is there, in the same unit, and is no larger. */
function isWithin(given: Budget | undefined, asked: Budget): boolean {
  if (given === undefined || given.unit !== asked.unit || given.node !== asked.node) return false;
  const members = Object.keys(asked) as (keyof Budget)[];
  return members.every((member) => given[member] !== undefined) && !widens(given, asked);
}

/** Bytes in a token have no counterpart in JSON and equal nothing that was asked for. */
const textOf = (statement: unknown): string =>
  JSON.stringify(statement, (_key, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value,
  );

/** The statements that a list holds as JSON. @throws GRANT_MALFORMED where it is no list */
export const statementsOf = (policy: JsonValue | undefined): readonly JsonValue[] => {
  if (policy === undefined) return [];
  if (!Array.isArray(policy))
    return fail('GRANT_MALFORMED', 'A policy is a list of statements.', { path: '/policy' });
  return policy as readonly JsonValue[];
};
