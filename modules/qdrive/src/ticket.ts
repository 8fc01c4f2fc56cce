import { fail } from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { CallFacts, Services } from '@anarq/kernel';

export type Form = 'plain' | 'sealed';

/** On whose authority a ticket was issued, so that it can be asked again while bytes move. */
export interface TicketAuthority {
  readonly form: Form;
  readonly actor: string;
  readonly subject: string;
  /** CIDs of the grants that allowed the call; none where the subject owns what it is for. */
  readonly grants: readonly string[];
  /** Id of the bearer token that asked for it; none where somebody signed. */
  readonly token?: string | undefined;
  /** When it was issued: a later stop of somebody behind it ends it for good. */
  readonly issued_ms: number;
}

/** A ticket for the transfer of one upload or file, and the path that takes it. */
export function issueTicket(
  services: Services,
  call: CallFacts,
  order: {
    readonly kind: 'upload' | 'download';
    readonly id: string;
    readonly form: Form;
    readonly expires_ms: number;
  },
  issued_ms: number,
): { ticket: string; url: string } {
  const { kind, id, form, expires_ms } = order;
  const { actor, subject, grants, token } = call;
  const ticket = services.tickets.issue({
    kind,
    // The kernel finds the module of a ticket by the first part of its id.
    id: `qdrive/${id}`,
    expires_ms,
    tenant: call.tenant,
    grantRef: writeAuthority({ form, actor, subject, grants, token, issued_ms }),
    nonce: toBase64url(randomBytes(9)),
  });
  return { ticket, url: `/transfer/${ticket}` };
}

/** `plain|<actor>|<subject, where it is another>|<grant>,<grant>|<token>|<instant>`: short, as tickets are. */
const writeAuthority = (authority: TicketAuthority): string => {
  const { form, actor, subject, grants, token, issued_ms } = authority;
  const other = subject === actor ? '' : subject;
  return [form, actor, other, grants.join(','), token ?? '', issued_ms.toString(36)].join('|');
};

/** @throws TICKET_INVALID for a ticket that this module did not issue */
export function readAuthority(context: string): TicketAuthority {
  const [form, actor, subject, grants, token, issued, ...rest] = context.split('|');
  const isOurs =
    (form === 'plain' || form === 'sealed') && grants !== undefined && rest.length === 0;
  // A ticket of before it said so: as if it were older than any stop.
  const issued_ms = issued === undefined ? 0 : Number.parseInt(issued, 36);
  if (!isOurs || actor === undefined || actor === '' || subject === undefined)
    return fail('TICKET_INVALID');
  return {
    form,
    actor,
    subject: subject === '' ? actor : subject,
    grants: grants === '' ? [] : grants.split(','),
    token: token === '' ? undefined : token,
    issued_ms,
  };
}

/**
 * Whether somebody behind a ticket is suspended, or was stopped after it was issued. What it asks
 * is in memory, so it can be asked at every piece that moves.
 * @throws SQUID_IDENTITY_INVALID
 */
export async function assertNotStopped(
  { actor, subject, grants, issued_ms }: TicketAuthority,
  services: Services,
): Promise<void> {
  const behind = [actor, subject];
  for (const cid of grants)
    behind.push(...((await services.grants.active(cid))?.links ?? []).map(({ iss }) => iss));
  const stopped =
    services.identities.firstSuspended(behind) ?? services.stops.endedBy(behind, issued_ms);
  if (stopped !== undefined)
    fail('SQUID_IDENTITY_INVALID', 'Somebody behind this ticket was stopped.', {
      identity: stopped,
    });
}

/**
 * Asks again what the call that issued the ticket was asked: is the caller still in force, are its
 * grants, and do they still come from the owner?
 * @throws GRANT_REVOKED, GRANT_EXPIRED, SQUID_IDENTITY_INVALID, QONSENT_DENIED
 */
export async function assertStillAllowed(
  authority: TicketAuthority,
  owner: string,
  services: Services,
  now_ms: number,
): Promise<void> {
  const { actor, subject, token } = authority;
  if (token !== undefined) await assertTokenHolds(token, services, now_ms);
  await assertNotStopped(authority, services);
  for (const did of new Set([actor, subject])) await assertInForce(did, services);
  const givers = new Set([actor, subject]);
  for (const cid of authority.grants) {
    const grant = await services.grants.active(cid);
    if (grant === undefined)
      return fail('GRANT_REVOKED', 'A grant behind this ticket is no longer in force.', {
        why: { grant: cid, rule: 'the grant was revoked' },
      });
    if (grant.exp_s !== null && now_ms / 1000 > grant.exp_s)
      fail('GRANT_EXPIRED', 'A grant behind this ticket has expired.', {
        why: { grant: cid, rule: 'the grant has expired', changeableBy: grant.subject },
      });
    givers.add(grant.subject);
  }
  if (!givers.has(owner))
    fail('QONSENT_DENIED', 'What this ticket is for has another owner now.', {
      why: { rule: 'no grant behind the ticket comes from the owner', changeableBy: owner },
    });
}

/** What a token asked for ends with it. */
async function assertTokenHolds(id: string, services: Services, now_ms: number): Promise<void> {
  const token = await services.sessions.tokenById(id);
  if (token === undefined || token.revoked)
    return fail('GRANT_REVOKED', 'The token that asked for this ticket was revoked.', {
      why: {
        ...(token === undefined ? {} : { grant: token.grant }),
        rule: 'the token behind the ticket was revoked',
      },
    });
  if (token.expires_ms <= now_ms)
    fail('GRANT_EXPIRED', 'The token that asked for this ticket has expired.', {
      why: { grant: token.grant, rule: 'the token behind the ticket has expired' },
    });
}

/** A sub-identity is in force while its root is. */
async function assertInForce(did: string, services: Services): Promise<void> {
  const identity = await services.identities.get(did);
  if (identity?.status !== 'active')
    return fail('SQUID_IDENTITY_INVALID', 'The identity behind this ticket is not in force.', {
      identity: did,
    });
  if (identity.parent !== undefined) await assertInForce(identity.parent, services);
}
