import { coverOf } from './command.ts';
import type { Delegation } from './delegation.ts';
import { principalOf } from './did.ts';
import { compilePolicy, type PolicyFailure } from './policy-compile.ts';
import type { DenialCode, Limit, Verdict } from './verdict.ts';

/** One call, as a grant sees it. */
export interface CheckRequest {
  /** Path of what is done, such as `/qmarket/purchase`. */
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** DID of who calls. */
  readonly audience: string;
  /** DID of whom the call is about. */
  readonly subject: string;
  /** Seconds since the Unix epoch. */
  readonly now_s: number;
}

/** Decides on one call; never throws. */
export type Check = (request: CheckRequest) => Verdict;

/**
 * Makes the closure that decides on calls under a validated chain. What can be known beforehand is
 * computed here; a call that is admitted gets one shared, frozen verdict.
 *
 * @param delegations leaf first
 * @param leaf the first of them
 * @param subject DID of whom the chain is about
 * @throws nothing: policies were read by parsePolicy
 */
export function compileCheck(
  delegations: readonly Delegation[],
  leaf: Delegation,
  subject: string,
): Check {
  const grant = leaf.cid;
  const chain = Object.freeze(delegations.map(({ cid }) => cid));
  const audience = principalOf(leaf.aud);
  const issuer = principalOf(leaf.iss);
  const { cmd } = leaf;
  const covers = coverOf(cmd);
  const ending = linkThatEndsFirst(delegations);
  const starting = linkThatStartsLast(delegations);
  const exp_s = ending?.exp ?? Infinity;
  const nbf_s = starting?.nbf ?? -Infinity;
  const policies = delegations
    .filter(({ pol }) => pol.length > 0)
    .map(({ pol, cid, iss }) => ({ test: compilePolicy(pol), cid, issuer: principalOf(iss) }));

  const rule = `the grant covers ${cmd === '/' ? 'every command' : `command ${cmd}`}`;
  const allowed: Verdict = Object.freeze({
    allow: true,
    why: Object.freeze({ grant, rule, issuer, chain }),
  });
  const deny = (code: DenialCode, broken: string, limit: Limit, by = issuer): Verdict => ({
    allow: false,
    code,
    why: { grant, rule: broken, limit, issuer: by, chain },
  });

  return (request) => {
    const { command, now_s } = request;
    if (!isPrincipal(request.audience, audience)) {
      const limit: Limit = { kind: 'audience', audience, came: request.audience };
      return deny('WRONG_AUDIENCE', `the grant was given to ${audience}`, limit);
    }
    if (!isPrincipal(request.subject, subject)) {
      const limit: Limit = { kind: 'subject', subject, came: request.subject };
      return deny('WRONG_SUBJECT', `the grant is about ${subject}`, limit);
    }
    // Written so that a time that is not a number is refused here, also by a grant without end.
    if (!(now_s <= exp_s)) {
      const by = principalOf((ending ?? leaf).iss);
      return deny('EXPIRED', `the grant ended at ${exp_s}`, { kind: 'expiry', exp_s, now_s }, by);
    }
    if (now_s < nbf_s) {
      const by = principalOf((starting ?? leaf).iss);
      const limit: Limit = { kind: 'start', nbf_s, now_s };
      return deny('NOT_YET_VALID', `the grant begins at ${nbf_s}`, limit, by);
    }
    if (!covers(command)) {
      const limit: Limit = { kind: 'command', cmd, came: command };
      return deny('COMMAND_NOT_COVERED', `command ${command} is not covered by ${cmd}`, limit);
    }
    for (const policy of policies) {
      const failure = policy.test(request.args);
      if (failure === undefined) continue;
      const limit: Limit = { kind: 'policy', link: policy.cid, ...failure };
      return deny('POLICY', policyRule(failure), limit, policy.issuer);
    }
    return allowed;
  };
}

function isPrincipal(came: string, principal: string): boolean {
  return came === principal || principalOf(came) === principal;
}

function policyRule({ selector, expected, actual }: PolicyFailure): string {
  return `the policy expects ${selector} ${expected}; it is ${actual}`;
}

function linkThatEndsFirst(delegations: readonly Delegation[]): Delegation | undefined {
  return delegations.reduce<Delegation | undefined>((first, link) => {
    if (link.exp === null) return first;
    return first === undefined || first.exp === null || link.exp < first.exp ? link : first;
  }, undefined);
}

function linkThatStartsLast(delegations: readonly Delegation[]): Delegation | undefined {
  return delegations.reduce<Delegation | undefined>((last, link) => {
    if (link.nbf === undefined) return last;
    return last?.nbf === undefined || link.nbf > last.nbf ? link : last;
  }, undefined);
}
