import { createHmac, timingSafeEqual } from 'node:crypto';
import { ContentError } from './errors.ts';

/** What a ticket says. Its holder may move the bytes of one upload or download until it expires. */
export type TicketClaims = {
  kind: 'upload' | 'download';
  /** The upload or the file. */
  id: string;
  /** The grant under which the ticket was issued, to be checked again while bytes move. */
  grantRef: string;
  tenant: string;
  /** Milliseconds since the Unix epoch; from this instant on the ticket is refused. */
  expires_ms: number;
  /** Sets apart tickets that are otherwise alike; chosen by the issuer. */
  nonce: string;
};

/** Issues and reads the tickets of one secret. */
export type Tickets = {
  /** The ticket's text: letters, digits, `-`, `_` and `.`. Throws ContentError('ARGUMENT_INVALID'). */
  issue(claims: TicketClaims): string;
  /**
   * The claims of a ticket that this secret issued. The caller still compares `kind`, `id` and
   * `tenant` with what it serves. Throws ContentError('TICKET_INVALID' | 'TICKET_EXPIRED').
   */
  read(text: string, now_ms: number): TicketClaims;
};

const VERSION = 'v1';
const MAC_LABEL = 'q/content/ticket/';
const MAX_FIELD_CHARACTERS = 384;
const MAX_TICKET_CHARACTERS = 16_384;
const TEXT_FIELDS = ['id', 'grantRef', 'tenant', 'nonce'] as const;

/**
 * Tickets under a 32-byte secret: `v1.<claims>.<mac>`, claims as JSON and mac as HMAC-SHA-256 (RFC
 * 2104) over the text before it, both base64url without padding (RFC 4648 section 5). The claims
 * are readable to the holder; they are no secret.
 */
export function createTickets({ secret32 }: { secret32: Uint8Array }): Tickets {
  if (secret32.length !== 32) {
    throw new ContentError('ARGUMENT_INVALID', 'The ticket secret has 32 bytes.');
  }
  const secret = Uint8Array.from(secret32);
  const macOf = (signed: string): string =>
    createHmac('sha256', secret).update(`${MAC_LABEL}${signed}`).digest('base64url');

  return {
    issue(claims) {
      if (!areClaims(claims)) {
        throw new ContentError(
          'ARGUMENT_INVALID',
          `A ticket has a kind, an expiry, and texts of 1 to ${MAX_FIELD_CHARACTERS} characters.`,
        );
      }
      const signed = `${VERSION}.${Buffer.from(encodeClaims(claims)).toString('base64url')}`;
      return `${signed}.${macOf(signed)}`;
    },

    read(text, now_ms) {
      const claims = readClaims(text, macOf);
      if (claims === undefined) {
        throw new ContentError(
          'TICKET_INVALID',
          'This ticket was not issued here. Ask for a new one.',
        );
      }
      if (!(now_ms < claims.expires_ms)) {
        throw new ContentError('TICKET_EXPIRED', 'This ticket has expired. Ask for a new one.');
      }
      return claims;
    },
  };
}

function readClaims(text: string, macOf: (signed: string) => string): TicketClaims | undefined {
  if (text.length > MAX_TICKET_CHARACTERS) return undefined;
  const [version, payload, mac, ...rest] = text.split('.');
  if (version !== VERSION || payload === undefined || mac === undefined || rest.length > 0) {
    return undefined;
  }
  // Comparing the texts, not the decoded bytes, leaves one spelling of each ticket.
  const expected = Buffer.from(macOf(`${version}.${payload}`));
  const given = Buffer.from(mac);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  // Authentic from here on; still checked, because a secret may outlive a version of this code.
  const json = Buffer.from(payload, 'base64url').toString('utf8');
  const claims: unknown = parseJson(json);
  return areClaims(claims) && encodeClaims(claims) === json ? claims : undefined;
}

function encodeClaims(claims: TicketClaims): string {
  const { kind, id, grantRef, tenant, expires_ms, nonce } = claims;
  return JSON.stringify({ kind, id, grantRef, tenant, expires_ms, nonce });
}

function areClaims(value: unknown): value is TicketClaims {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const kind = fields.get('kind');
  const expires = fields.get('expires_ms');
  return (
    (kind === 'upload' || kind === 'download') &&
    Number.isSafeInteger(expires) &&
    Number(expires) >= 0 &&
    TEXT_FIELDS.every((name) => isText(fields.get(name)))
  );
}

function isText(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_FIELD_CHARACTERS &&
    value.isWellFormed()
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
