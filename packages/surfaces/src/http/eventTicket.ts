import { fail, QError } from '@anarq/common-schemas';
import type { Call } from '@anarq/kernel';
import type { CallTarget } from '../callTarget.ts';
import { factsOf, type CallHeaders } from './credential.ts';

const MEMBER = 'ticket=';

/**
 * Takes the ticket out of a query string, so that what reads the rest never sees it.
 * @param query without its question mark
 * @throws QError INPUT_INVALID for two tickets
 */
export function takeTicket(query: string): {
  readonly ticket: string | undefined;
  readonly rest: string;
} {
  const pairs = query.split('&');
  const [ticket, ...more] = pairs.filter((pair) => pair.startsWith(MEMBER));
  if (more.length > 0) fail('INPUT_INVALID', 'ticket is given more than once.');
  return {
    ticket: ticket?.slice(MEMBER.length),
    rest: pairs.filter((pair) => !pair.startsWith(MEMBER)).join('&'),
  };
}

/** Who calls, once the ticket is spent. */
export type TicketFacts = Pick<Call, 'credential' | 'subject' | 'grant'>;

/**
 * Spends a ticket.
 * @throws QError INPUT_INVALID where something beside it says who calls; and whatever refuses the ticket
 */
export async function factsByTicket(
  target: CallTarget,
  ticket: string,
  headers: CallHeaders,
  requestId: string,
): Promise<TicketFacts> {
  const { credential, subject, grant } = factsOf(headers);
  if (credential.kind !== 'anonymous' || subject !== undefined || grant !== undefined)
    fail('INPUT_INVALID', 'A ticket says who reads: send no credential, subject or grant with it.');
  const shown = await target.showTicket(ticket, requestId);
  if (!shown.ok) {
    const { code, message, details } = shown.failure;
    throw new QError(code, message, details);
  }
  return { credential: { kind: 'ticket', ticket: shown.ticket }, ...shown.ticket.names };
}
