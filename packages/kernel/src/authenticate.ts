import { API_VERSION, fail } from '@anarq/common-schemas';
import { CryptoError, parseSignatureHeader, verifyCall, verifyCallMac } from '@anarq/crypto';
import { ANONYMOUS, type Call, type Principal } from './call.ts';
import { callerOver } from './connections.ts';
import type { IdentityRecord } from './identities.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';
import { readerBy, ticketHolds } from './ticketReader.ts';

type SignedCredential = Extract<Call['credential'], { kind: 'signature' }>;

/**
 * Who is it? A bearer token stands for an agent whose keys the node keeps; a signature is checked
 * against the keys of the identity, or the key of the session that a signature opened.
 */
export async function authenticate(inv: Invocation, services: Services): Promise<void> {
  const { credential } = inv.call;
  switch (credential.kind) {
    case 'anonymous':
      if (inv.compiled.op.access !== 'public') fail('QLOCK_AUTH_FAIL');
      inv.principal = ANONYMOUS;
      return;
    case 'bearer':
      inv.principal = await fromToken(credential.token, inv.now_ms, services);
      return;
    case 'signature':
      inv.principal = await fromSignature(inv, credential, services);
      return;
    case 'connection':
      inv.principal = await callerOver(credential.connection, inv, services, {
        fromToken,
        assertActive: allActive,
      });
      return;
    case 'ticket':
      inv.principal = await readerBy(credential.ticket, inv, services, standing);
  }
}

async function fromToken(token: string, now_ms: number, services: Services): Promise<Principal> {
  const known = await services.sessions.findToken(token);
  if (known === undefined) return fail('QLOCK_AUTH_FAIL', 'The token is not one of this node.');
  if (known.revoked || (await services.grants.isRevoked(known.grant)))
    return fail('GRANT_REVOKED', 'The grant behind this token was revoked.', {
      why: { grant: known.grant, rule: 'the grant was revoked' },
    });
  if (known.expires_ms <= now_ms)
    return fail('GRANT_EXPIRED', 'The token has expired.', {
      why: { grant: known.grant, rule: 'the token has expired' },
    });
  const agent = await services.identities.require(known.agent);
  assertActive(agent);
  if (agent.parent !== undefined) assertActive(await services.identities.require(agent.parent));
  return {
    actor: agent.did,
    root: agent.parent ?? agent.did,
    tenant: agent.tenant,
    kind: agent.kind,
    signedBy: 'custodian',
    token: known.id,
    boundGrant: known.grant,
    boundSubject: (await services.grants.active(known.grant))?.subject ?? known.grant,
  };
}

async function fromSignature(
  inv: Invocation,
  credential: SignedCredential,
  services: Services,
): Promise<Principal> {
  const header = readHeader(credential.signature);
  const root = await services.identities.get(credential.identity);
  const signer =
    credential.subId === undefined ? root : await services.identities.get(credential.subId);
  if (root === undefined || signer === undefined)
    return fail('SQUID_IDENTITY_INVALID', 'The identity is not known to this node.', {
      identity: credential.subId ?? credential.identity,
    });
  if (signer !== root && signer.parent !== root.did)
    return fail('SQUID_IDENTITY_INVALID', 'x-subid is not a sub-identity of x-squid-id.', {
      identity: root.did,
      subId: signer.did,
    });
  assertActive(root);
  assertActive(signer);
  // Naming a sub-identity alone does not get around the suspension of whoever it belongs to.
  if (signer.parent !== undefined) assertActive(await services.identities.require(signer.parent));

  const { op } = inv.compiled;
  const fields = {
    node: services.node.did,
    identity: credential.identity,
    subId: credential.subId,
    operation: op.id,
    version: API_VERSION,
    subject: inv.call.subject,
    grant: inv.call.grant,
    idempotencyKey: inv.call.idempotencyKey,
    ts: credential.ts,
    inputDigest: inv.inputDigest,
  };
  const principal = {
    actor: signer.did,
    root: signer.parent ?? root.did,
    tenant: signer.tenant,
    kind: signer.kind,
  };
  if (header.kind === 'full') {
    if (!isSigned(() => verifyCall(signer.keys, fields, credential.signature)))
      fail('SIGNATURE_INVALID', undefined, { identity: signer.did, node: services.node.did });
    return { ...principal, signedBy: 'self' };
  }
  if (op.signature === 'full')
    return fail('QLOCK_AUTH_FAIL', `${op.id} needs a full signature; a session is not enough.`);
  const session = await services.sessions.get(header.sessionId);
  if (session === undefined || session.expires_ms <= inv.now_ms) return fail('SESSION_EXPIRED');
  const isItsOwn = session.identity === credential.identity && session.subId === credential.subId;
  if (!isItsOwn || !isSigned(() => verifyCallMac(session.key, session.id, fields, header)))
    fail('SIGNATURE_INVALID', 'The code does not belong to this call and session.');
  return { ...principal, signedBy: 'session' };
}

function readHeader(text: string) {
  try {
    return parseSignatureHeader(text);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    return fail('SIGNATURE_INVALID', `x-sig is not readable: ${error.message}.`);
  }
}

/** A field that cannot be signed makes the signature wrong, not the node fail. */
function isSigned(verify: () => boolean): boolean {
  try {
    return verify();
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

/**
 * Whether what somebody was admitted under still holds: identity, token or session, and grant. For
 * what goes on after a call.
 * @throws QError that says what ended
 */
export async function standing(
  inv: Pick<Invocation, 'call' | 'principal' | 'subject' | 'grants'>,
  services: Services,
  now_ms: number,
): Promise<void> {
  const { credential } = inv.call;
  if (credential.kind === 'bearer') await fromToken(credential.token, now_ms, services);
  if (credential.kind === 'ticket')
    await ticketHolds(credential.ticket, services, now_ms, standing);
  if (credential.kind === 'signature') await sessionInForce(credential.signature, services, now_ms);
  const { actor, root } = inv.principal;
  for (const did of new Set([actor, root, inv.subject])) {
    const identity = await services.identities.get(did);
    if (identity !== undefined) assertActive(identity);
  }
  for (const cid of inv.grants) {
    const grant = await services.grants.active(cid);
    const isOver =
      grant?.exp_s !== undefined && grant.exp_s !== null && grant.exp_s * 1000 < now_ms;
    if (grant === undefined || isOver)
      fail(isOver ? 'GRANT_EXPIRED' : 'GRANT_REVOKED', undefined, {
        why: { grant: cid, rule: isOver ? 'the grant has ended' : 'the grant was revoked' },
      });
    const suspended = services.grants.suspendedBehind(grant);
    if (suspended !== undefined)
      fail('QONSENT_DENIED', undefined, {
        why: { grant: cid, rule: `${suspended}, who gave it, is suspended` },
      });
  }
}

async function sessionInForce(
  signature: string,
  { sessions }: Services,
  now_ms: number,
): Promise<void> {
  const header = readHeader(signature);
  if (header.kind === 'full') return;
  const session = await sessions.get(header.sessionId);
  if (session === undefined || session.expires_ms <= now_ms) fail('SESSION_EXPIRED');
}

async function allActive(dids: Iterable<string>, services: Services): Promise<void> {
  for (const did of new Set(dids)) assertActive(await services.identities.require(did));
}

function assertActive(identity: IdentityRecord): void {
  if (identity.status !== 'active')
    fail('SQUID_IDENTITY_INVALID', 'The identity is suspended.', { identity: identity.did });
}

const PAST_MS = 300_000;
const FUTURE_MS = 30_000;

/** A signature is good for five minutes; replays of recorded calls were answered before this. */
export function checkTime(inv: Invocation): void {
  const { credential } = inv.call;
  if (credential.kind !== 'signature') return;
  const at_ms = Date.parse(credential.ts);
  const isLate = Number.isNaN(at_ms) || at_ms < inv.now_ms - PAST_MS;
  if (!isLate && at_ms <= inv.now_ms + FUTURE_MS) return;
  const details = { serverTime: new Date(inv.now_ms).toISOString(), callTime: credential.ts };
  fail(isLate ? 'TIME_EXPIRED' : 'TIME_IN_FUTURE', undefined, details);
}
