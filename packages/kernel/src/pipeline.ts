import { API_VERSION, fail, PATTERNS, type AnyOperation } from '@anarq/common-schemas';
import { canonicalJson, CryptoError, sha256Hex, utf8 } from '@anarq/crypto';
import { authenticate, checkTime } from './authenticate.ts';
import { authorise } from './authorise.ts';
import { checkBudget } from './budget.ts';
import type { Capability } from './capability.ts';
import type { Invocation, Step } from './invocation.ts';
import type { KernelParts } from './parts.ts';
import type { RateLimit } from './rateLimit.ts';

/** Calls a minute of one network address, before any cryptography. */
const PEER_PER_MINUTE = 60_000;

export interface Limits {
  readonly peers: RateLimit;
  readonly identities: RateLimit;
}

/**
 * The steps of a call, in their order, for one operation. What its contract does not need is not in
 * the list.
 *
 * version · limit by peer · validate · authenticate · replay · time window · limit by identity ·
 * authorise · budget
 */
export function compilePipeline(op: AnyOperation, parts: KernelParts, limits: Limits): Step[] {
  const { services, store, replay } = parts;
  const steps: (Step | undefined)[] = [
    checkVersion,
    checkNames,
    (inv) => limitPeer(inv, limits.peers),
    validate,
    (inv) => authenticate(inv, services),
    op.kind === 'query' ? undefined : (inv) => replay.check(inv),
    op.access === 'public' && op.kind === 'query' ? undefined : checkTime,
    (inv) => limitIdentity(inv, limits.identities),
    (inv) => authorise(inv, services, store),
    op.authorises === undefined ? undefined : (inv) => checkBudget(inv, services, store),
  ];
  return steps.filter((step) => step !== undefined);
}

/** The same for a step or query of a process: it is authenticated by its capability. */
export function compileStepPipeline(op: AnyOperation, parts: KernelParts): Step[] {
  const { services, store, replay } = parts;
  const steps: (Step | undefined)[] = [
    validate,
    becomeCaller,
    op.kind === 'query' ? undefined : (inv) => replay.check(inv),
    (inv) => inv.capability && checkStepTime(inv, inv.capability, parts),
    (inv) => authorise(inv, services, store),
    op.authorises === undefined ? undefined : (inv) => checkBudget(inv, services, store),
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

function limitPeer(inv: Invocation, peers: RateLimit): void {
  const { peer } = inv.call;
  if (peer === undefined) return;
  const wait_ms = peers.take(peer, inv.now_ms, 60_000 / PEER_PER_MINUTE, PEER_PER_MINUTE / 10);
  if (wait_ms > 0) fail('RATE_LIMIT_EXCEEDED', undefined, { retryAfter_ms: wait_ms });
}

function limitIdentity(inv: Invocation, identities: RateLimit): void {
  const { perMinute } = inv.compiled.op.limits;
  const key = `${inv.principal.root}\n${inv.compiled.op.id}\n${inv.principal.kind === 'anonymous' ? (inv.call.peer ?? '') : ''}`;
  const burst = Math.max(10, Math.floor(perMinute / 10));
  const wait_ms = identities.take(key, inv.now_ms, 60_000 / perMinute, burst);
  if (wait_ms > 0)
    fail('RATE_LIMIT_EXCEEDED', undefined, {
      retryAfter_ms: wait_ms,
      limit: `${perMinute} a minute of ${inv.compiled.op.id}`,
    });
}

function validate(inv: Invocation): void {
  const canonical = canonicalOf(inv.call.input);
  const violations = inv.compiled.input.violations(inv.call.input);
  if (violations.length > 0) fail('INPUT_INVALID', undefined, { violations });
  inv.inputDigest = sha256Hex(utf8(canonical));
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

/** A revocation stops every step not yet begun; an undo is never stopped. */
function checkStepTime(inv: Invocation, capability: Capability, parts: KernelParts): void {
  if (capability.operation === 'undo') return;
  if (capability.expires_ms <= inv.now_ms)
    fail('GRANT_EXPIRED', 'The call was admitted too long ago to go on.');
  const revoked = capability.links.find((cid) => parts.services.grants.isRevoked(cid));
  if (revoked !== undefined)
    fail('GRANT_REVOKED', 'The grant behind this call was revoked while it ran.', {
      why: { grant: revoked, rule: 'the grant was revoked' },
    });
  const needsFull = inv.compiled.op.signature === 'full';
  const isModule = inv.principal.kind === 'module';
  if (needsFull && capability.signature !== 'full' && !isModule)
    fail(
      'QLOCK_AUTH_FAIL',
      `${inv.compiled.op.id} needs a full signature at the root of its process.`,
    );
}
