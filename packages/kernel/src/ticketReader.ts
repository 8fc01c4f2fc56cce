import { fail } from '@anarq/common-schemas';
import { namedIn, type Principal } from './call.ts';
import { FOLLOWED_OPERATION } from './eventAccess.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';
import { SpentTicket } from './spentTicket.ts';

/** As long as a session; then another ticket is asked for. */
const READER_LIFE_MS = 3_600_000;

/** The call that asked for each ticket, as it was admitted. */
const askings = new WeakMap<object, Invocation>();

/** Whether what a call was admitted under still holds, in the words of whoever judges proofs. */
type Standing = (inv: Invocation, services: Services, now_ms: number) => Promise<void>;

/** What a ticket becomes when it is spent. */
export function spentBy(asking: Invocation): SpentTicket {
  const ticket = new SpentTicket(namedIn(asking.call));
  askings.set(ticket, asking);
  return ticket;
}

/**
 * Who reads by a ticket: whoever asked for it, as far as that call reached.
 * @throws QLOCK_AUTH_FAIL for another operation than the reading of events, or for other names; and as
 * `ticketHolds`
 */
export async function readerBy(
  ticket: SpentTicket,
  inv: Invocation,
  services: Services,
  standing: Standing,
): Promise<Principal> {
  const { op } = inv.compiled;
  if (op.id !== FOLLOWED_OPERATION)
    return fail('QLOCK_AUTH_FAIL', `A ticket opens events only: send a credential with ${op.id}.`);
  const { subject, grant } = ticket.names;
  if (inv.call.subject !== subject || inv.call.grant !== grant)
    return fail(
      'QLOCK_AUTH_FAIL',
      'A ticket is for the subject and the grant it was asked for with.',
    );
  const { principal } = await ticketHolds(ticket, services, inv.now_ms, standing);
  return principal.signedBy === 'self' ? { ...principal, signedBy: 'session' } : principal;
}

/**
 * Whether what a ticket was asked for with still holds: token or session, identity, and grant; and nobody
 * behind it was stopped since, also where it was started again.
 * @returns the call that asked for it
 * @throws QError that says what ended
 */
export async function ticketHolds(
  ticket: SpentTicket,
  services: Services,
  now_ms: number,
  standing: Standing,
): Promise<Invocation> {
  const asking = askings.get(ticket);
  if (asking === undefined) return fail('QLOCK_AUTH_FAIL', 'This is no ticket of this node.');
  const { principal, subject, now_ms: asked_ms } = asking;
  if (asked_ms + READER_LIFE_MS <= now_ms)
    return fail(
      'SESSION_EXPIRED',
      'What a ticket opened is as old as it may become: ask for another.',
    );
  await standing(asking, services, now_ms);
  const behind = [principal.actor, principal.root, subject];
  for (const cid of asking.grants)
    behind.push(...((await services.grants.active(cid))?.links ?? []).map(({ iss }) => iss));
  const stopped = services.stops.endedBy(behind, asked_ms);
  if (stopped !== undefined)
    return fail('SESSION_EXPIRED', `${stopped} was stopped after this ticket was asked for.`);
  return asking;
}
