import {
  equalBytes,
  fromBase64url,
  randomBytes,
  toBase64url,
  utf8,
  type Sealer,
} from '@anarq/crypto';

const PURPOSE = 'ledger-ticket';
const RANDOM_BYTES = 16;
const TICKET_BYTES = 32;

/**
 * A ticket names bytes that a connection brought, and the page of the log behind which they come to
 * lie. It is coded by the node, so that nobody has the log searched from anywhere else.
 */
export function newTicket(sealer: Sealer, fromPage: number): string {
  const random = randomBytes(RANDOM_BYTES);
  const code = sealer.mac(PURPOSE, messageOf(random, fromPage));
  return toBase64url(Buffer.concat([random, code.subarray(0, TICKET_BYTES - RANDOM_BYTES)]));
}

/** Whether a ticket is one that this node gave for that page, under any root key that it has. */
export function isTicket(sealer: Sealer, ticket: string, fromPage: number): boolean {
  const bytes = fromBase64url(ticket);
  const [random, given] = [bytes.subarray(0, RANDOM_BYTES), bytes.subarray(RANDOM_BYTES)];
  return sealer
    .macs(PURPOSE, messageOf(random, fromPage))
    .some((code) => equalBytes(code.subarray(0, TICKET_BYTES - RANDOM_BYTES), given));
}

const messageOf = (random: Uint8Array, fromPage: number): Uint8Array =>
  Buffer.concat([random, utf8(`\n${fromPage}`)]);
