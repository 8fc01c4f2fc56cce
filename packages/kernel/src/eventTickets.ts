import { fail, failure, QError, type Failure } from '@anarq/common-schemas';
import { randomBytes, sha256Hex, toBase64url, utf8 } from '@anarq/crypto';
import { standing } from './authenticate.ts';
import type { Invocation } from './invocation.ts';
import type { Services } from './services.ts';
import type { SpentTicket } from './spentTicket.ts';
import { spentBy, ticketHolds } from './ticketReader.ts';

/** Time for a page to open its connection; an address that somebody finds later opens nothing. */
const TICKET_LIFE_MS = 30_000;
/** Tickets that wait for their use: of one identity, and of all. As many as there may be streams. */
const TICKETS_OF_ONE_MAX = 20;
const TICKETS_MAX = 1_000;
const TICKET = /^qet_[A-Za-z0-9_-]{43}$/;

/** What showing a ticket answers. */
export type Shown =
  | { readonly ok: true; readonly ticket: SpentTicket }
  | { readonly ok: false; readonly failure: Failure };

interface Waiting {
  readonly asking: Invocation;
  readonly expires_ms: number;
}

/**
 * Tickets for what cannot send a credential, as the EventSource and the WebSocket of a browser: each opens
 * one connection that reads events, once, as whoever asked for it. They are in memory alone, by their
 * digests: a restart ends them, and no other process knows them.
 */
export class EventTickets {
  readonly #services: Services;
  readonly #now_ms: () => number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(services: Services, now_ms: () => number) {
    this.#services = services;
    this.#now_ms = now_ms;
  }

  /**
   * A ticket for whoever makes this call.
   * @throws QLOCK_AUTH_FAIL for a call that came without a credential of its own, LIMIT_EXCEEDED
   */
  issue(asking: Invocation): { readonly ticket: string; readonly expires_ms: number } {
    const { kind } = asking.call.credential;
    // Not for what a ticket opened, which would go on for ever; nor for a step, which has no proof.
    if (kind !== 'bearer' && kind !== 'signature')
      fail('QLOCK_AUTH_FAIL', 'A ticket is given for a token, a session or a signature.');
    this.#sweep();
    const { root } = asking.principal;
    const ofOne = [...this.#waiting.values()].filter((one) => one.asking.principal.root === root);
    if (this.#waiting.size >= TICKETS_MAX || ofOne.length >= TICKETS_OF_ONE_MAX)
      fail(
        'LIMIT_EXCEEDED',
        `At most ${TICKETS_OF_ONE_MAX} unused tickets of one identity, and ${TICKETS_MAX} of all; each is gone after ${TICKET_LIFE_MS / 1_000} s.`,
        { limit: 'tickets', max: TICKETS_OF_ONE_MAX },
      );
    const ticket = `qet_${toBase64url(randomBytes(32))}`;
    const expires_ms = asking.now_ms + TICKET_LIFE_MS;
    this.#waiting.set(digestOf(ticket), { asking, expires_ms });
    return { ticket, expires_ms };
  }

  /** Spends a ticket: of any number who show it at once, one is let in. Never throws. */
  async show(ticket: string, requestId: string): Promise<Shown> {
    const now_ms = this.#now_ms();
    try {
      const spent = this.#take(ticket, now_ms);
      await ticketHolds(spent, this.#services, now_ms, standing);
      return { ok: true, ticket: spent };
    } catch (error) {
      const { code, message, details } =
        error instanceof QError ? error : new QError('SERVICE_UNAVAILABLE');
      return { ok: false, failure: failure(code, { requestId, now_ms }, message, details) };
    }
  }

  /** Found and gone in one turn of the event loop, so no two find it. */
  #take(ticket: string, now_ms: number): SpentTicket {
    const digest = TICKET.test(ticket) ? digestOf(ticket) : '';
    const found = this.#waiting.get(digest);
    this.#waiting.delete(digest);
    // One answer for all three: whoever tries tickets does not learn which there were.
    if (found === undefined || found.expires_ms <= now_ms)
      return fail(
        'QLOCK_AUTH_FAIL',
        'The ticket is unknown here, spent or too old: ask for another with node.eventTicket.',
      );
    return spentBy(found.asking);
  }

  #sweep(): void {
    const now_ms = this.#now_ms();
    for (const [digest, { expires_ms }] of this.#waiting)
      if (expires_ms <= now_ms) this.#waiting.delete(digest);
  }
}

const digestOf = (ticket: string): string => sha256Hex(utf8(ticket));
