import { type CompiledGrant } from '@anarq/authority';
import {
  fail,
  templateMembers,
  type AnyOperation,
  type ErrorCode,
  type Why,
} from '@anarq/common-schemas';
import type { Store } from '@anarq/store';
import { askFor } from './askFor.ts';
import type { Capability } from './capability.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';
import { readOwner } from './target.ts';

/**
 * May it? Deny by default. Two questions are asked: may the caller act for the subject, and may the
 * subject act on the resource. Each is answered by identity or ownership, or by a grant.
 */
export async function authorise(inv: Invocation, services: Services, store: Store): Promise<void> {
  const { op } = inv.compiled;
  if (op.access === 'public') {
    // Anybody may; but who claims to act for somebody else has to show it.
    const claims = inv.call.subject !== undefined && inv.capability === undefined;
    if (claims && inv.principal.kind !== 'anonymous') return chooseSubject(inv, op, services);
    return allow(inv, { rule: 'the operation is public' });
  }
  if (op.access === 'proved' && inv.capability === undefined) return allowProved(inv, op, services);
  if (inv.capability !== undefined) authoriseStep(inv, op, services, inv.capability);
  await findResource(inv, op, store);
  await findNamedEnd(inv, services);
  if (inv.capability === undefined) await chooseSubject(inv, op, services);
  if (inv.capability?.operation === 'undo') return authoriseUndo(inv, op, services, store);
  await authoriseResource(inv, op, services);
}

/**
 * Whoever proves itself; the operation answers with what its grants cover. A grant that the call
 * comes with, or names, has to be in force, and is then the only one that counts.
 */
async function allowProved(inv: Invocation, op: AnyOperation, services: Services): Promise<void> {
  const { principal, call } = inv;
  await findNamedEnd(inv, services);
  const cid = principal.boundGrant ?? call.grant;
  if (cid !== undefined) {
    const grant = await services.grants.active(cid);
    if (grant === undefined && inv.namedEnd !== undefined)
      return deny(inv, services, op, inv.namedEnd.code, inv.namedEnd.why);
    if (grant === undefined || grant.audience !== principal.actor)
      return deny(
        inv,
        services,
        op,
        principal.boundGrant === undefined ? 'QONSENT_DENIED' : 'GRANT_REVOKED',
        {
          grant: cid,
          rule: 'the grant is not in force, or not held by the caller',
        },
      );
    if (call.subject !== undefined && call.subject !== grant.subject)
      return deny(inv, services, op, 'QONSENT_DENIED', {
        grant: cid,
        rule: `the grant is about ${grant.subject}, not about ${call.subject}`,
      });
    denyStopped(inv, op, services, grant);
    inv.subject = grant.subject;
    stand(inv, grant);
    inv.why = { grant: cid, rule: 'the caller holds this grant, and sees what it covers' };
  } else {
    inv.subject = call.subject ?? principal.actor;
    inv.why = { rule: 'the caller proved itself, and sees what its grants cover' };
  }
  await checkSubject(inv, op, services);
}

/** 'intent/{intentId}' with its input becomes 'qwallet/intent/int_…'; `node` stands for the node. */
export function resourceOf(op: AnyOperation, input: unknown): string | undefined {
  if (op.resource === undefined) return undefined;
  if (op.resource === 'node') return 'node';
  const members = input as Readonly<Record<string, unknown>>;
  let filled = `${op.module}/`;
  let rest = op.resource;
  // From left to right: a value is text, never a member to fill in again.
  for (const member of templateMembers(op.resource)) {
    const value = members[member];
    if (typeof value !== 'string') return undefined;
    const at = rest.indexOf(`{${member}}`);
    filled += rest.slice(0, at) + value;
    rest = rest.slice(at + member.length + 2);
  }
  return filled + rest;
}

async function findResource(inv: Invocation, op: AnyOperation, store: Store): Promise<void> {
  const resource = resourceOf(op, inv.call.input);
  if (resource === undefined) return;
  const owner = await readOwner(inv, resource, inv.principal.tenant, store);
  if (owner === undefined)
    return fail('QINDEX_NOT_FOUND', `There is no ${resource} for you here.`, { resource });
  inv.owner = owner;
}

/** Says of a grant that the call names, and that is not in force, how it ended. */
async function findNamedEnd(inv: Invocation, services: Services): Promise<void> {
  const { grant } = inv.call;
  if (grant === undefined || (await services.grants.active(grant)) !== undefined) return;
  const end = await services.grants.endOf(grant, inv.principal.actor, inv.now_ms);
  if (end !== undefined) inv.namedEnd = end;
}

/** A step acts for the subject of its process, within what the contract announced. */
function authoriseStep(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
  capability: Capability,
): void {
  if (!capability.uses.includes(op.id))
    deny(inv, services, op, 'QONSENT_DENIED', {
      rule: `${capability.operation} does not announce that it uses ${op.id}`,
    });
  inv.subject = capability.subject;
  inv.links.push(...capability.links);
  inv.why = { rule: `a step of ${capability.operation}, which was admitted` };
}

async function chooseSubject(inv: Invocation, op: AnyOperation, services: Services): Promise<void> {
  const { principal, call } = inv;
  if (principal.boundGrant !== undefined) {
    const grant = await services.grants.active(principal.boundGrant);
    if (grant === undefined)
      return deny(inv, services, op, 'GRANT_REVOKED', {
        grant: principal.boundGrant,
        rule: 'the grant behind this token is not in force',
      });
    if (call.subject !== undefined && call.subject !== grant.subject)
      return deny(inv, services, op, 'QONSENT_DENIED', {
        grant: grant.leaf,
        rule: `the token acts for ${grant.subject}, not for ${call.subject}`,
        changeableBy: grant.links[0]?.iss ?? grant.rootIssuer,
      });
    inv.subject = grant.subject;
    await checkSubject(inv, op, services);
    return useGrant(inv, op, services, grant, grant.subject, principal.actor);
  }
  const subject = call.subject ?? principal.actor;
  inv.subject = subject;
  if (subject === principal.actor) {
    inv.why = { rule: 'the caller acts for itself' };
    return;
  }
  await checkSubject(inv, op, services);
  const grant = await pick(inv, op, services, principal.actor, subject);
  if (grant === undefined)
    return deny(inv, services, op, 'QONSENT_DENIED', {
      rule: `no grant lets ${principal.actor} act for ${subject} with ${op.command}`,
      changeableBy: subject,
    });
  useGrant(inv, op, services, grant, subject, principal.actor);
}

/** Nobody acts for somebody who is suspended: a stop holds for everything done in its name. */
async function checkSubject(inv: Invocation, op: AnyOperation, services: Services): Promise<void> {
  const known = await services.identities.get(inv.subject);
  if (known !== undefined && known.status !== 'active')
    deny(inv, services, op, 'QONSENT_DENIED', { rule: `${inv.subject} is suspended` });
}

/**
 * Whose authority a call may draw on besides the subject's: the caller's own grants, unless it came
 * with a token, which is bound to one.
 */
export const holdersOf = (inv: Invocation): string[] => [
  ...new Set(
    inv.principal.boundGrant === undefined ? [inv.subject, inv.principal.actor] : [inv.subject],
  ),
];

/**
 * An undo is never stopped: where the owner once gave the caller or the subject a grant, it may
 * still be undone although the grant was revoked, or ended, since.
 */
async function authoriseUndo(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
  store: Store,
): Promise<void> {
  if (inv.owner === undefined || inv.owner === inv.subject) return;
  const [given] = await store.read(
    `SELECT cid FROM kernel_grant WHERE subject = :owner AND audience IN (:holder, :actor) LIMIT 1`,
    { owner: inv.owner, holder: inv.subject, actor: inv.principal.actor },
  );
  if (given === undefined)
    deny(inv, services, op, 'QONSENT_DENIED', {
      rule: `${inv.owner} never gave ${inv.subject} anything to undo on ${inv.resource}`,
    });
}

async function authoriseResource(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
): Promise<void> {
  if (inv.owner === undefined) {
    if (op.resource !== undefined)
      fail('INPUT_INVALID', `${op.resource} cannot be filled from the input.`);
    return;
  }
  if (inv.owner === inv.subject) {
    const rule = `${inv.subject} owns ${inv.resource}`;
    inv.why = { ...inv.why, rule: `${inv.why.rule}; ${rule}` };
    return;
  }
  let refusing: (() => void) | undefined;
  for (const holder of holdersOf(inv)) {
    const { owner } = inv;
    const grant = await pick(inv, op, services, holder, owner);
    if (grant === undefined) continue;
    const use = () => useGrant(inv, op, services, grant, owner, holder);
    if (grant.check(request(inv, op, owner, holder)).allow) return use();
    refusing ??= use;
  }
  refusing?.();
  deny(inv, services, op, 'QONSENT_DENIED', {
    rule: `no grant from ${inv.owner} lets ${inv.subject} use ${op.command} on ${inv.resource}`,
    changeableBy: inv.owner,
  });
}

/** The grant named in the call, else the first that allows; else the first that nearly does. */
async function pick(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
  audience: string,
  subject: string,
): Promise<CompiledGrant | undefined> {
  const named = inv.call.grant;
  if (named !== undefined) {
    const grant = await services.grants.active(named);
    if (grant !== undefined && grant.audience === audience && grant.subject === subject)
      return grant;
    if (inv.namedEnd !== undefined) deny(inv, services, op, inv.namedEnd.code, inv.namedEnd.why);
    // It may answer the other question, of subject or resource; but it is never passed over.
    if (grant === undefined || ![inv.principal.actor, inv.subject].includes(grant.audience))
      deny(inv, services, op, 'QONSENT_DENIED', {
        grant: named,
        rule: 'the grant that the call names is not one that the caller holds here',
      });
  }
  const candidates = await services.grants.candidates(audience, op.command, subject);
  return (
    candidates.find((grant) => grant.check(request(inv, op, subject, audience)).allow) ??
    candidates[0]
  );
}

const request = (inv: Invocation, op: AnyOperation, subject: string, audience: string) => ({
  command: op.command,
  args: argumentsOf(inv, op),
  audience,
  subject,
  now_s: Math.floor(inv.now_ms / 1000),
});

/** What the policy of a grant may speak about. */
const argumentsOf = (inv: Invocation, op: AnyOperation): Record<string, unknown> => ({
  op: op.id,
  tool: op.mcp === false ? op.id : op.mcp.tool,
  ...(inv.resource === undefined ? {} : { resource: inv.resource }),
  input: inv.call.input,
});

const DENIALS: Readonly<Record<string, ErrorCode>> = {
  EXPIRED: 'GRANT_EXPIRED',
  NOT_YET_VALID: 'GRANT_EXPIRED',
};

function useGrant(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
  grant: CompiledGrant,
  subject: string,
  audience: string,
): void {
  denyStopped(inv, op, services, grant);
  const verdict = grant.check(request(inv, op, subject, audience));
  const { why } = verdict;
  const quotes = why.limit?.kind === 'policy' && why.limit.selector.startsWith('.input');
  const told: Why = {
    grant: why.grant,
    // What was sent may be secret, and a refusal is recorded.
    rule: quotes ? `the policy on ${why.limit.selector} does not hold` : why.rule,
    ...(why.limit === undefined || quotes ? {} : { limit: asTexts(why.limit) }),
    changeableBy: why.issuer,
    chain: why.chain,
  };
  if (!verdict.allow) deny(inv, services, op, DENIALS[verdict.code] ?? 'QONSENT_DENIED', told);
  inv.why = told;
  stand(inv, grant);
}

/** The call stands on a grant: all of it is in force when it commits, and counts it where it counts calls. */
function stand(inv: Invocation, grant: CompiledGrant): void {
  inv.grants.push(grant.leaf);
  inv.links.push(...grant.chain);
  if (grant.budgets.some(({ counts }) => counts === 'calls')) inv.isCounted = true;
}

function denyStopped(
  inv: Invocation,
  op: AnyOperation,
  services: Services,
  grant: CompiledGrant,
): void {
  const suspended = services.grants.suspendedBehind(grant);
  if (suspended !== undefined)
    deny(inv, services, op, 'QONSENT_DENIED', {
      grant: grant.leaf,
      rule: `${suspended}, who gave this grant or passed it on, is suspended`,
    });
}

const asTexts = (limit: object): Record<string, string> =>
  Object.fromEntries(Object.entries(limit).map(([key, value]) => [key, String(value)]));

function allow(inv: Invocation, why: Why): void {
  inv.subject = inv.principal.boundSubject ?? inv.principal.actor;
  inv.why = why;
}

function deny(
  inv: Invocation,
  services: Services,
  op: AnyOperation,
  code: ErrorCode,
  why: Why,
): never {
  inv.why = why;
  return fail(code, `${op.id} is refused: ${why.rule}.`, {
    why,
    operation: op.id,
    ...askFor(inv, services, why),
  });
}
