import { API_VERSION, fail, PATTERNS, type AnyOperation } from '@anarq/common-schemas';
import { canonicalJson, CryptoError, sha256HexOfText } from '@anarq/crypto';
import { authenticate, checkTime } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { checkBudget, isLimited } from './budget.ts';
import type { CallLimits } from './callLimits.ts';
import type { Capability } from './capability.ts';
import type { Invocation, Step } from './invocation.ts';
import type { KernelParts } from './parts.ts';

/**
 * The steps of a call, in their order, for one operation. What its contract does not need is not in
 * the list.
 *
 * version · limit by address · pressure · validate · authenticate · replay · time window · limit by identity ·
 * authorise · limit of whom the caller acts for · budget
 */
export function compilePipeline(op: AnyOperation, parts: KernelParts, limits: CallLimits): Step[] {
  const { services, store, replay } = parts;
  const isFollower = parts.follower !== undefined;
  const ofOperation = limits.of(op.id, op.limits.perMinute);
  const steps: (Step | undefined)[] = [
    checkVersion,
    checkNames,
    (inv) => limits.address(inv),
    parts.shedding.stepOf(op),
    validate,
    (inv) => authenticate(inv, services),
    (inv) => limits.proved(inv),
    op.kind === 'query' ? undefined : (inv) => replay.check(inv),
    op.access === 'public' && op.kind === 'query' ? undefined : checkTime,
    (inv) => ofOperation.identity(inv),
    (inv) => authorise(inv, services, store),
    (inv) => ofOperation.collective(inv),
    (inv) => (isLimited(inv) ? checkBudget(inv, services, store, isFollower) : undefined),
  ];
  return steps.filter((step) => step !== undefined);
}

/** The same for a step or query of a process: it is authenticated by its capability. */
export function compileStepPipeline(op: AnyOperation, parts: KernelParts): Step[] {
  const { services, store, replay } = parts;
  const isFollower = parts.follower !== undefined;
  const steps: (Step | undefined)[] = [
    validate,
    becomeCaller,
    op.kind === 'query' ? undefined : (inv) => replay.check(inv),
    (inv) => inv.capability && checkStepTime(inv, inv.capability, parts),
    (inv) => authorise(inv, services, store),
    (inv) => (isLimited(inv) ? checkBudget(inv, services, store, isFollower) : undefined),
  ];
  return steps.filter((step) => step !== undefined);
}

const DID = new RegExp(PATTERNS.did);
const CID = new RegExp(PATTERNS.cid);

/** What comes beside the input is as bounded as the input. */
function checkNames(inv: Invocation): void {
  const { subject, grant } = inv.call;
  if (subject !== undefined && (subject.length > 440 || !DID.test(subject)))
    fail('INPUT_INVALID', 'The subject is not a DID.');
  if (grant !== undefined && (grant.length > 251 || !CID.test(grant)))
    fail('INPUT_INVALID', 'The grant is not a CID.');
}

function checkVersion(inv: Invocation): void {
  const asked = inv.call.apiVersion;
  if (asked !== undefined && asked !== API_VERSION)
    fail('VERSION_UNSUPPORTED', `This node speaks ${API_VERSION}, not ${asked.slice(0, 32)}.`, {
      supported: [API_VERSION],
    });
}

function validate(inv: Invocation): void {
  const canonical = canonicalOf(inv.call.input);
  const violations = inv.compiled.input.violations(inv.call.input);
  if (violations.length > 0) fail('INPUT_INVALID', undefined, { violations });
  inv.inputDigest = sha256HexOfText(canonical);
}

/** @throws INPUT_INVALID where a value is none of JSON; before anything that counts on it */
function canonicalOf(input: unknown): string {
  try {
    return canonicalJson(input);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return fail('INPUT_INVALID', `The input ${error.message}.`);
  }
}

/** A step is made by whom its capability names. */
function becomeCaller(inv: Invocation): void {
  if (inv.capability !== undefined)
    inv.principal = { ...inv.capability.principal, signedBy: 'capability' };
}

/** Nor does a step begin that would act for who is suspended by now, or by a grant of such a one. */
async function checkStanding(
  inv: Invocation,
  capability: Capability,
  parts: KernelParts,
): Promise<void> {
  const { identities, grants } = parts.services;
  const { actor, root } = capability.principal;
  const behind = inv.compiled.op.kind === 'query' ? [] : [actor, root, capability.subject];
  let suspended = identities.firstSuspended(behind);
  for (const cid of capability.links) {
    if (suspended !== undefined) break;
    const grant = await grants.active(cid);
    suspended = grant && grants.suspendedBehind(grant);
  }
  if (suspended !== undefined)
    fail('QONSENT_DENIED', `${suspended} was suspended while this call ran.`, {
      why: { rule: `${suspended} is suspended` },
    });
}

/** A revocation stops every step not yet begun; an undo is never stopped. */
async function checkStepTime(
  inv: Invocation,
  capability: Capability,
  parts: KernelParts,
): Promise<void> {
  if (capability.operation === 'undo' || capability.undoes === true) return;
  if (capability.expires_ms <= inv.now_ms)
    fail('GRANT_EXPIRED', 'The call was admitted too long ago to go on.');
  const revoked = await parts.services.grants.firstRevoked(capability.links);
  if (revoked !== undefined)
    fail('GRANT_REVOKED', 'The grant behind this call was revoked while it ran.', {
      why: { grant: revoked, rule: 'the grant was revoked' },
    });
  await checkStanding(inv, capability, parts);
  const needsFull = inv.compiled.op.signature === 'full';
  const isModule = inv.principal.kind === 'module';
  if (needsFull && capability.signature !== 'full' && !isModule)
    fail(
      'QLOCK_AUTH_FAIL',
      `${inv.compiled.op.id} needs a full signature at the root of its process.`,
    );
}
