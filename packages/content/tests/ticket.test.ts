import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTickets, type TicketClaims } from '../src/index.ts';
import { codeOf } from './support.ts';

const secret32 = new Uint8Array(32).fill(7);
const tickets = createTickets({ secret32 });
const claims: TicketClaims = {
  kind: 'upload',
  id: 'up-1',
  grantRef: 'bafygrant',
  tenant: 'acme – Köln',
  expires_ms: 1000,
  nonce: 'n1',
};
const text = tickets.issue(claims);
const refusal = (ticket: string, now_ms = 0, by = tickets): Promise<unknown> =>
  codeOf((async () => by.read(ticket, now_ms))());

/** A ticket with a right MAC over any payload, as a flawed issuer could have made it. */
function signedTicket(payload: string, version = 'v1'): string {
  const signed = `${version}.${payload}`;
  const mac = createHmac('sha256', secret32).update(`q/content/ticket/${signed}`);
  return `${signed}.${mac.digest('base64url')}`;
}

describe('a ticket', () => {
  it('is read by who issued it, until the instant it expires', () => {
    expect(tickets.read(text, 0)).toEqual(claims);
    expect(tickets.read(text, 999)).toEqual(claims);
  });

  it('fits in a URL', () => {
    expect(text).toMatch(/^v1\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
  });

  it('is refused once it has expired, and when the time is not a number', async () => {
    expect(await refusal(text, 1000)).toBe('TICKET_EXPIRED');
    expect(await refusal(text, Number.NaN)).toBe('TICKET_EXPIRED');
  });

  it('is refused under another secret', async () => {
    const other = createTickets({ secret32: new Uint8Array(32).fill(8) });
    expect(await refusal(text, 0, other)).toBe('TICKET_INVALID');
  });

  it('is refused when any character is changed, removed or added', async () => {
    for (let i = 0; i < text.length; i += 1) {
      const other = text[i] === 'A' ? 'B' : 'A';
      expect(await refusal(text.slice(0, i) + other + text.slice(i + 1))).toBe('TICKET_INVALID');
      expect(await refusal(text.slice(0, i) + text.slice(i + 1))).toBe('TICKET_INVALID');
    }
    const [version, payload, mac] = text.split('.');
    const others = ['', '..', `${text}=`, `${text}.`, ` ${text}`, `${text}\n`, 'a'.repeat(20_000)];
    others.push(`${payload}.${mac}`, `v2.${payload}.${mac}`, `${version}.${payload}.`);
    for (const bad of others) expect(await refusal(bad)).toBe('TICKET_INVALID');
  });

  it('is refused when its claims are not exactly those of a ticket, even if signed', async () => {
    const encode = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const { nonce: _, ...lacking } = claims;
    const payloads = [
      encode({ ...claims, extra: 1 }),
      encode(lacking),
      encode({ ...claims, kind: 'delete' }),
      encode({ ...claims, expires_ms: '1000' }),
      encode({ ...claims, expires_ms: -1 }),
      encode({ ...claims, id: '' }),
      encode([claims]),
      encode(null),
      Buffer.from('not json').toString('base64url'),
      Buffer.from(` ${JSON.stringify(claims)}`).toString('base64url'),
    ];
    for (const payload of payloads) {
      expect(await refusal(signedTicket(payload))).toBe('TICKET_INVALID');
    }
    expect(await refusal(signedTicket(encode(claims), 'v2'))).toBe('TICKET_INVALID');
    expect(await refusal(signedTicket(encode(claims)))).toBe('resolved');
  });

  it('is not issued for claims that could not be read back', async () => {
    const issue = async (change: object): Promise<unknown> =>
      tickets.issue({ ...claims, ...change });
    for (const change of [{ id: '' }, { nonce: 'x'.repeat(385) }, { expires_ms: 0.5 }]) {
      expect(await codeOf(issue(change))).toBe('ARGUMENT_INVALID');
    }
    expect(await codeOf(issue({ tenant: '\ud800' }))).toBe('ARGUMENT_INVALID');
    const longest = '\u0001'.repeat(384);
    const all = { ...claims, id: longest, grantRef: longest, tenant: longest, nonce: longest };
    expect(tickets.read(tickets.issue(all), 0)).toEqual(all);
  });

  it('needs a secret of 32 bytes', () => {
    expect(() => createTickets({ secret32: new Uint8Array(31) })).toThrow('32 bytes');
  });
});
