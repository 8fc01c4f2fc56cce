import { CALLS_KEY, parseBudget, parseCalls, widens, type Budget } from './budget.ts';
import { compileCheck, type Check } from './check.ts';
import { coverOf } from './command.ts';
import type { Delegation } from './delegation.ts';
import { principalOf } from './did.ts';
import { AuthorityError } from './errors.ts';
import { isCostly, type Policy } from './policy.ts';
import { verifySignature, type KeysOf } from './signature.ts';

/** The budget of one link; a call counts against each of them. */
export interface GrantBudget extends Budget {
  /** CID of the link. */
  readonly cid: string;
  /** DID of who set it. */
  readonly issuer: string;
  /** What is counted, and the name of its counter: a link may limit amounts, and calls as well. */
  readonly counts: 'amount' | 'calls';
  readonly counter: string;
}

/** One delegation of a chain. DIDs are without fragments. */
export interface GrantLink {
  readonly cid: string;
  readonly iss: string;
  readonly aud: string;
}

/** A chain that was validated once and can be asked for each call. */
export interface CompiledGrant {
  /** CID of the leaf, by which the grant is known. */
  readonly leaf: string;
  /** CIDs, leaf first. */
  readonly chain: readonly string[];
  /** DID of whom the authority is about. */
  readonly subject: string;
  /** DID of who may use it. */
  readonly audience: string;
  /** DID of who issued the root; always the subject. */
  readonly rootIssuer: string;
  /** The narrowest command of the chain: the leaf's. */
  readonly cmd: string;
  /** Earliest expiry in seconds since the Unix epoch, the second itself included; null: never. */
  readonly exp_s: number | null;
  /** Latest start; null: any time. */
  readonly nbf_s: number | null;
  /** Leaf first; links without a budget are not in it. */
  readonly budgets: readonly GrantBudget[];
  /** Leaf first. */
  readonly links: readonly GrantLink[];
  /** The policies of the links, leaf first: a call must satisfy all of them. */
  readonly policies: readonly Policy[];
  /** Whether a policy of the chain takes the longer, the more a caller sends. */
  readonly costly: boolean;
  /** Decides on a call. Never throws. */
  readonly check: Check;
}

/** What validation needs from outside. */
export interface ChainContext {
  /** Seconds since the Unix epoch. */
  readonly now_s: number;
  readonly keysOf: KeysOf;
}

const CHAIN_LENGTH_MAX = 8;

/**
 * Validates a chain and compiles it. In order: length, repeated tokens, who gave to whom, no
 * principal twice, one subject from the root down, commands and budgets that only narrow, time
 * bounds, policies, and last the signatures, which cost most.
 *
 * Policies need no comparison with each other: a call must satisfy those of every link.
 *
 * Source: UCAN Delegation 1.0.0-rc.1, Token Validation.
 *
 * @param delegations leaf first, root last, each from decodeDelegation
 * @throws AuthorityError BROKEN_CHAIN, TOO_LONG, CYCLE, WRONG_SUBJECT, OVER_BROAD, EXPIRED,
 *   NOT_YET_VALID, MALFORMED or BAD_SIGNATURE, with the CID of the link
 */
export function compileChain(
  delegations: readonly Delegation[],
  context: ChainContext,
): CompiledGrant {
  const leaf = delegations[0];
  const root = delegations[delegations.length - 1];
  if (leaf === undefined || root === undefined) {
    throw new AuthorityError('BROKEN_CHAIN', 'a chain needs at least one delegation');
  }
  if (delegations.length > CHAIN_LENGTH_MAX) {
    const message = `a chain has at most ${CHAIN_LENGTH_MAX} links, this one ${delegations.length}`;
    throw new AuthorityError('TOO_LONG', message);
  }
  checkRepeats(delegations);
  checkAlignment(delegations);
  checkPrincipals(delegations);
  const subject = checkSubject(delegations, root);
  checkCommands(delegations);
  const budgets = checkBudgets(delegations);
  for (const delegation of delegations) checkTime(delegation, context.now_s);
  const check = compileCheck(delegations, leaf, subject);
  for (const delegation of delegations) verifySignature(delegation, context.keysOf);

  const ends = delegations.map(({ exp }) => exp).filter((exp) => exp !== null);
  const starts = delegations.map(({ nbf }) => nbf).filter((nbf) => nbf !== undefined);
  return Object.freeze({
    leaf: leaf.cid,
    chain: delegations.map(({ cid }) => cid),
    subject,
    audience: principalOf(leaf.aud),
    rootIssuer: principalOf(root.iss),
    cmd: leaf.cmd,
    exp_s: ends.length === 0 ? null : Math.min(...ends),
    nbf_s: starts.length === 0 ? null : Math.max(...starts),
    budgets,
    links: delegations.map(({ cid, iss, aud }) => ({
      cid,
      iss: principalOf(iss),
      aud: principalOf(aud),
    })),
    policies: delegations.map(({ pol }) => pol),
    costly: delegations.some(({ pol }) => isCostly(pol)),
    check,
  });
}

function checkRepeats(delegations: readonly Delegation[]): void {
  const seen = new Set<string>();
  for (const { cid } of delegations) {
    if (seen.has(cid)) {
      throw new AuthorityError('CYCLE', 'the same delegation stands twice in the chain', cid);
    }
    seen.add(cid);
  }
}

/** Each link was issued by the one to whom the link above it was given. */
function checkAlignment(delegations: readonly Delegation[]): void {
  for (const [i, link] of delegations.entries()) {
    const parent = delegations[i + 1];
    if (parent !== undefined && principalOf(link.iss) !== principalOf(parent.aud)) {
      const message = `issued by ${link.iss}, but the link above it was given to ${parent.aud}`;
      throw new AuthorityError('BROKEN_CHAIN', message, link.cid);
    }
  }
}

/** The root is issued by its subject; a null below it (a powerline) stands for the same one. */
function checkSubject(delegations: readonly Delegation[], root: Delegation): string {
  if (root.sub === null) {
    throw new AuthorityError('WRONG_SUBJECT', 'the root of a chain must name a subject', root.cid);
  }
  const subject = principalOf(root.sub);
  for (const { sub, cid } of delegations) {
    if (sub !== null && principalOf(sub) !== subject) {
      const message = `about ${sub}, but the chain is about ${subject}`;
      throw new AuthorityError('WRONG_SUBJECT', message, cid);
    }
  }
  if (principalOf(root.iss) !== subject) {
    const message = `the chain ends at ${root.iss} and does not reach its subject ${subject}`;
    throw new AuthorityError('BROKEN_CHAIN', message, root.cid);
  }
  return subject;
}

/** Authority that comes back to somebody who had it gives nothing, and hides who gave it. */
function checkPrincipals(delegations: readonly Delegation[]): void {
  const holders = new Set<string>();
  for (const link of delegations) {
    const audience = principalOf(link.aud);
    if (holders.has(audience)) {
      throw new AuthorityError('CYCLE', `${audience} receives what it gave on`, link.cid);
    }
    holders.add(audience);
  }
  const root = delegations[delegations.length - 1];
  if (root !== undefined && holders.has(principalOf(root.iss))) {
    throw new AuthorityError('CYCLE', `${root.iss} receives what it gave on`, root.cid);
  }
}

function checkCommands(delegations: readonly Delegation[]): void {
  for (const [i, link] of delegations.entries()) {
    const parent = delegations[i + 1];
    if (parent !== undefined && !coverOf(parent.cmd)(link.cmd)) {
      const message = `gives ${link.cmd}, but the link above it has only ${parent.cmd}`;
      throw new AuthorityError('OVER_BROAD', message, link.cid);
    }
  }
}

function checkBudgets(delegations: readonly Delegation[]): readonly GrantBudget[] {
  const budgets: GrantBudget[] = [];
  for (const link of delegations)
    for (const budget of budgetsOf(link)) {
      for (const below of budgets) {
        const member = widens(below, budget);
        if (member === undefined) continue;
        const message = `its ${member} is ${below[member]} ${below.unit}, above it ${budget[member]}`;
        throw new AuthorityError('OVER_BROAD', message, below.cid);
      }
      budgets.push(budget);
    }
  return budgets;
}

function budgetsOf({ meta, cid, iss }: Delegation): GrantBudget[] {
  const of = { cid, issuer: principalOf(iss) };
  const budget = parseBudget(meta);
  const calls = parseCalls(meta);
  return [
    ...(budget === undefined
      ? []
      : [{ ...budget, ...of, counts: 'amount', counter: cid } as const]),
    ...(calls === undefined
      ? []
      : [{ ...calls, ...of, counts: 'calls', counter: `${cid}#${CALLS_KEY}` } as const]),
  ];
}

/** UCAN Delegation, Time Bounds: valid from `nbf` to `exp`, both included. */
function checkTime({ exp, nbf, cid }: Delegation, now_s: number): void {
  if (!Number.isFinite(now_s)) throw new AuthorityError('EXPIRED', 'the time is not known', cid);
  if (exp !== null && now_s > exp) {
    throw new AuthorityError('EXPIRED', `expired at ${exp}, it is ${now_s}`, cid);
  }
  if (nbf !== undefined && now_s < nbf) {
    throw new AuthorityError('NOT_YET_VALID', `valid from ${nbf}, it is ${now_s}`, cid);
  }
}
