import { setTimeout as wait } from 'node:timers/promises';
import { createClient, http, keys } from '@anarq/common-clients';
import type { QError } from '@anarq/common-schemas';
import { node as nodeContract } from '@anarq/node-module/contract';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startHttpSurface, type CallTarget, type HttpSurface } from '../src/index.ts';
import { agentOf, put, START } from './eventWorld.ts';
import { openPageSocket, openPageStream, type PageSocket, type PageStream } from './pages.ts';

/** Tickets by which a page in a browser reads events, where it can send no credential. */
const MODULES = ['node', 'squid', 'qonsent', 'qindex'] as const;
let node: TestNode;
let surface: HttpSurface;
beforeAll(async () => {
  node = await startTestNode({ modules: MODULES });
  surface = await startHttpSurface(node.kernel, { port: 0, closeDeadline_ms: 500 });
});
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(async () => {
  await surface.close();
  await node.close();
});

/** A node of its own, whose clock a test sets forward. */
async function clockedNode() {
  const clock = { offset_ms: 0 };
  const now_ms = () => Date.now() + clock.offset_ms;
  const its = await startTestNode({ modules: MODULES, now_ms });
  opened.push(its);
  const served = await startHttpSurface(its.kernel, { port: 0, closeDeadline_ms: 500 });
  opened.push(served);
  return { node: its, url: served.url, clock, now_ms };
}

const askAs = (who: Actor, skew_ms = 0) => who.call(nodeContract.eventTicket, {}, { skew_ms });
const ticketOf = async (who: Actor) => (await askAs(who)).ticket;
const byToken = ({ did, token }: { did: string; token: string }) => node.withToken(did, token);

async function stream(
  ticket: string,
  more = '',
  lastId?: string,
  url = surface.url,
): Promise<PageStream> {
  const page = await openPageStream(`${url}/events?ticket=${ticket}${more}`, lastId);
  opened.push(page);
  return page;
}

async function socket(ticket: string, url = surface.url): Promise<PageSocket> {
  const page = await openPageSocket(`${url.replace('http', 'ws')}/ws?ticket=${ticket}`);
  opened.push(page);
  return page;
}

const subjects = ({ events }: PageStream) => events.map(({ data }) => data.subject);
const heard = ({ got }: PageSocket) =>
  got.flatMap(({ event }) => (event === undefined ? [] : [(event as { subject: string }).subject]));

describe('a page with a ticket', () => {
  it('reads events as they come, and goes on with another ticket where it was cut', async () => {
    const ana = await node.person('ana');
    const about = [await put(ana, 'a1'), await put(ana, 'a2')];
    const first = await stream(await ticketOf(ana), `&topics=q.qindex.*&after=${START}`);
    await expect.poll(() => subjects(first)).toEqual(about);
    await first.close();
    about.push(await put(ana, 'while away'));
    // Last-Event-ID counts, whatever the address of the page says.
    const second = await stream(
      await ticketOf(ana),
      `&topics=q.qindex.*&after=${START}`,
      first.lastId(),
    );
    about.push(await put(ana, 'while there'));
    await expect.poll(() => subjects(second)).toEqual(about.slice(2));
    await second.close();
    const third = await stream(await ticketOf(ana), `&after=${first.events[0]?.id ?? ''}`);
    await expect.poll(() => subjects(third)).toEqual(about.slice(1));
  });

  it('subscribes over a WebSocket, which goes on where another was', async () => {
    const ben = await node.person('ben');
    const about = [await put(ben, 'b1')];
    const first = await socket(await ticketOf(ben));
    first.send({ id: 's', op: 'subscribe', input: { topics: ['q.qindex.*'], after: START } });
    await expect.poll(() => heard(first)).toEqual(about);
    const cursor = first.got.find(({ event }) => event !== undefined)?.['cursor'];
    first.close();
    about.push(await put(ben, 'b2'));
    const second = await socket(await ticketOf(ben));
    second.send({ id: 's', op: 'subscribe', input: { topics: ['q.qindex.*'], after: cursor } });
    second.send({ id: 'p', op: 'node.readEvents', input: { topics: ['q.qindex.*'] } });
    await expect.poll(() => heard(second)).toEqual(about.slice(1));
    expect(await second.answer('p')).toMatchObject({ data: { items: [{}, {}] } });
  });

  it('sees what the agent sees that asked for it, and nothing more', async () => {
    const cleo = await node.person('cleo');
    const agent = await agentOf(cleo, '/qindex/events');
    const other = await agentOf(cleo, '/qonsent/grant');
    const covered = await stream(await ticketOf(byToken(agent)), `&after=${START}`);
    const uncovered = await stream(await ticketOf(byToken(other)), `&after=${START}`);
    const over = await socket(await ticketOf(byToken(other)));
    over.send({ id: 's', op: 'subscribe', input: { after: START } });
    const about = await put(cleo, 'seen by the agent');
    await expect.poll(() => subjects(covered)).toContain(about);
    expect(covered.events.every(({ data }) => data.type?.startsWith('q.qindex.'))).toBe(true);
    expect([...subjects(uncovered), ...heard(over)]).not.toContain(about);
    expect((await stream(await ticketOf(byToken(agent)), '&all=true')).code).toBe('QONSENT_DENIED');
  });

  it('calls nothing else by it, and names nobody else', async () => {
    const [dan, eve] = [await node.person('dan'), await node.person('eve')];
    const { token } = await agentOf(dan, '/');
    const page = await socket(await ticketOf(byToken({ did: dan.did, token })));
    const calls = [
      { op: 'qindex.list', input: {} },
      { op: 'node.tools', input: {} },
      { op: 'node.eventTicket', input: {} },
      { op: 'subscribe', subject: eve.did },
    ];
    for (const [place, call] of calls.entries()) {
      page.send({ id: `c${place}`, ...call });
      expect([call.op, (await page.answer(`c${place}`)).code]).toEqual([
        call.op,
        'QLOCK_AUTH_FAIL',
      ]);
    }
    // A message with a credential of its own is that one's call, as on any other connection.
    page.send({ id: 'own', op: 'node.eventTicket', input: {}, credential: { token } });
    expect((await page.answer('own')).code).toBe('SUCCESS');
    for (const header of [
      { authorization: `Bearer ${token}` },
      { 'x-subject': eve.did },
      { 'x-squid-id': eve.did, 'x-ts': new Date().toISOString(), 'x-sig': 'v1.AA' },
    ]) {
      const ticket = await ticketOf(dan);
      const answer = await fetch(`${surface.url}/events?ticket=${ticket}`, { headers: header });
      expect([header, answer.status]).toEqual([header, 422]);
      // What was refused for its form spent nothing.
      expect((await stream(ticket)).status).toBe(200);
    }
  });

  it.each(['grant', 'token'] as const)(
    'reads no longer than what it was asked for with: its stream ends with the %s',
    async (what) => {
      const finn = await node.person(`finn ${what}`);
      const agent = await agentOf(finn, '/qindex');
      const ofStream = await stream(await ticketOf(byToken(agent)));
      const ofSocket = await socket(await ticketOf(byToken(agent)));
      ofSocket.send({ id: 's', op: 'subscribe' });
      await ofSocket.answer('s');
      if (what === 'grant') await finn.call(qonsent.revoke, { grant: agent.grant });
      else await finn.call(squid.revokeToken, { agent: agent.did, tokenId: agent.tokenId });
      const ended = { code: 'GRANT_REVOKED' };
      await expect.poll(() => ofStream.events).toMatchObject([{ type: 'end', data: ended }]);
      await expect.poll(() => ofSocket.got.at(-1)).toMatchObject({ ended });
      ofSocket.send({ id: 't', op: 'subscribe' });
      expect((await ofSocket.answer('t')).code).toBe('GRANT_REVOKED');
    },
  );

  it('subscribes for an hour, and then with another ticket', async () => {
    const served = await clockedNode();
    const gina = await served.node.person('gina');
    const page = await socket(await ticketOf(gina), served.url);
    served.clock.offset_ms = 3_599_000;
    page.send({ id: 's', op: 'subscribe' });
    expect((await page.answer('s')).code).toBe('SUCCESS');
    served.clock.offset_ms = 3_600_001;
    page.send({ id: 't', op: 'subscribe' });
    expect((await page.answer('t')).code).toBe('SESSION_EXPIRED');
  });
});

describe('a ticket', () => {
  it('opens one connection, of as many as show it at once', async () => {
    const hal = await node.person('hal');
    const ticket = await ticketOf(hal);
    const many = await Promise.all([
      ...Array.from({ length: 10 }, async () => (await stream(ticket)).status === 200),
      ...Array.from({ length: 10 }, async () => (await socket(ticket)).isOpen),
    ]);
    expect(many.filter(Boolean)).toHaveLength(1);
    expect(await stream(ticket)).toMatchObject({ status: 401, code: 'QLOCK_AUTH_FAIL' });
    expect((await socket(ticket)).isOpen).toBe(false);
  });

  it('is refused in the same words where it is spent, too old, or never was', async () => {
    const served = await clockedNode();
    const ida = await served.node.person('ida');
    const refusal = async (ticket: string) => {
      const answer = await fetch(`${served.url}/events?ticket=${ticket}`);
      const { code, message } = (await answer.json()) as { code: string; message: string };
      return [answer.status, code, message];
    };
    const [spent, { ticket: almost }, { ticket: old, expiresAt }] = [
      await ticketOf(ida),
      await askAs(ida),
      await askAs(ida),
    ];
    await (await stream(spent, '', undefined, served.url)).close();
    expect(Date.parse(expiresAt) - served.now_ms()).toBeLessThanOrEqual(30_000);
    served.clock.offset_ms = 25_000;
    expect((await stream(almost, '', undefined, served.url)).status).toBe(200);
    served.clock.offset_ms = 30_000;
    const late = await refusal(old);
    expect(late.slice(0, 2)).toEqual([401, 'QLOCK_AUTH_FAIL']);
    const never = `qet_${'A'.repeat(43)}`;
    for (const ticket of [old, spent, never, '', 'x', `${spent}%20`, 'A'.repeat(9_000)])
      expect([ticket, await refusal(ticket)]).toEqual([ticket, late]);
  });

  it.each(['grant', 'token', 'identity', 'stop'] as const)(
    'of an agent is worth nothing once its %s came to an end',
    async (what) => {
      const jan = await node.person(`jan ${what}`);
      const agent = await agentOf(jan, '/qindex');
      const [one, two] = [await ticketOf(byToken(agent)), await ticketOf(byToken(agent))];
      if (what === 'grant') await jan.call(qonsent.revoke, { grant: agent.grant });
      if (what === 'token')
        await jan.call(squid.revokeToken, { agent: agent.did, tokenId: agent.tokenId });
      if (what === 'identity') await jan.call(squid.suspend, { did: agent.did });
      if (what === 'stop') {
        await jan.call(squid.stop, { who: agent.did });
        await jan.call(squid.start, { who: agent.did });
      }
      const code = what === 'identity' ? 'SQUID_IDENTITY_INVALID' : 'GRANT_REVOKED';
      expect((await stream(one)).code).toBe(code);
      expect((await socket(two)).isOpen).toBe(false);
      expect(node.kernel.streamsOf(agent.did)).toBe(0);
    },
  );

  it('that a signature asked for ends with a stop, also when its owner may act again', async () => {
    const kim = await node.person('kim');
    const ticket = await ticketOf(kim);
    await node.operator.call(squid.stop, { who: kim.did });
    await node.operator.call(squid.start, { who: kim.did });
    expect(await stream(ticket)).toMatchObject({ status: 401, code: 'SESSION_EXPIRED' });
    expect((await stream(await ticketOf(kim))).status).toBe(200);
  });

  it('that a session asked for ends with the session', async () => {
    const { node: its, url, clock, now_ms } = await clockedNode();
    const lea = await its.person('lea');
    const client = createClient({
      contracts: [squid, nodeContract],
      transport: http({
        url,
        credentials: keys({ did: lea.did, seed: lea.seed, nodeDid: its.kernel.node.did, now_ms }),
      }),
    });
    const asked = await client.call(nodeContract.eventTicket, {});
    expect((await stream(asked.ticket, '', undefined, url)).status).toBe(200);
    // A session ends after an hour, or with its owner's others; here under a ticket that is not old.
    clock.offset_ms = 1_000;
    const { ticket } = await client.call(nodeContract.eventTicket, {});
    await its.store.commit([
      { sql: 'UPDATE kernel_session SET expires_ms = :now', params: { now: now_ms() } },
    ]);
    its.kernel.services.sessions.forgetRead();
    const late = await stream(ticket, '', undefined, url);
    expect(late).toMatchObject({ status: 401, code: 'SESSION_EXPIRED' });
    await client.close();
  });

  it('keeps to the subject and the grant that were named with it', async () => {
    const [max, nia] = [await node.person('max'), await node.person('nia')];
    const named = await max.call(nodeContract.eventTicket, {}, { subject: nia.did });
    const page = await stream(named.ticket, `&after=${START}`);
    expect(page.status).toBe(200);
    const own = await stream(await ticketOf(max), `&after=${START}`);
    const about = await put(max, 'of max himself');
    await expect.poll(() => subjects(own)).toEqual([about]);
    // For nia, who let him see nothing.
    expect(subjects(page)).toEqual([]);
  });

  it('is given to nobody in particular, and to one identity twenty at a time', async () => {
    const answer = await fetch(`${surface.url}/node/events/ticket`);
    expect(answer.status).toBe(401);
    const oli = await node.person('oli');
    const tickets: string[] = [];
    for (let n = 0; n < 20; n += 1) tickets.push(await ticketOf(oli));
    expect(new Set(tickets).size).toBe(20);
    const refused = await askAs(oli).catch((error: unknown) => error as QError);
    expect(refused).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect((await stream(tickets[0] ?? '')).status).toBe(200);
    expect(await ticketOf(oli)).toMatch(/^qet_/);
  });

  it('is one of its node and of its run alone', async () => {
    const other = await startTestNode({ modules: MODULES });
    const foreign = await other.person('pia', 'elsewhere');
    const { ticket } = await foreign.call(nodeContract.eventTicket, {});
    expect(await stream(ticket)).toMatchObject({ status: 401, code: 'QLOCK_AUTH_FAIL' });
    expect((await socket(ticket)).isOpen).toBe(false);
    expect((await other.kernel.showTicket(ticket, 'req_a')).ok).toBe(true);
    const { ticket: kept } = await foreign.call(nodeContract.eventTicket, {});
    await other.restart();
    expect((await other.kernel.showTicket(kept, 'req_b')).ok).toBe(false);
    await other.close();
  });

  it('shows a tenant its own, on one node', async () => {
    const [here, there] = [await node.person('quin'), await node.person('ria', 'elsewhere')];
    const page = await stream(await ticketOf(there), `&after=${START}`);
    const about = await put(there, 'over there');
    await put(here, 'over here');
    await expect.poll(() => subjects(page)).toEqual([about]);
  });
});

describe('the limits around a ticket', () => {
  it('hold: many tickets at once open no more connections than one address may have', async () => {
    const tom = await node.person('tom');
    // As on a store that takes its time: all are looked at before the first is let in.
    const slow: CallTarget = {
      ...node.kernel,
      showTicket: async (...shown) => {
        await wait(200);
        return node.kernel.showTicket(...shown);
      },
    };
    const small = await startHttpSurface(slow, {
      port: 0,
      closeDeadline_ms: 500,
      socketLimits: { ofOnePeer_max: 2 },
    });
    opened.push(small);
    const tickets: string[] = [];
    for (let n = 0; n < 6; n += 1) tickets.push(await ticketOf(tom));
    const [spare = '', ...shown] = tickets;
    const sockets = await Promise.all(shown.map((ticket) => socket(ticket, small.url)));
    expect(sockets.filter(({ isOpen }) => isOpen)).toHaveLength(2);
    // Where there is no place, a ticket is not spent.
    expect((await socket(spare, small.url)).isOpen).toBe(false);
    expect((await stream(spare)).status).toBe(200);
  });

  it('hold: a foreign page, another host and what else stands in the address are refused', async () => {
    const sam = await node.person('sam');
    const ticket = await ticketOf(sam);
    const { ticket: again } = await askAs(sam);
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${surface.url}${path}`, { headers })).status;
    expect(await ask(`/events?ticket=${ticket}`, { origin: 'https://evil.example' })).toBe(403);
    expect(await ask(`/events?ticket=${ticket}&ticket=${again}`)).toBe(422);
    expect(await ask(`/events?ticket=${ticket}&limit=3`)).toBe(422);
    expect(await ask(`/events?%74icket=${ticket}`)).toBe(422);
    for (const more of ['&after=x', `&ticket=${again}`, '&'])
      expect((await socket(`${ticket}${more}`)).isOpen).toBe(false);
    // None of these spent it; nor does any other route take it.
    for (const path of ['/node/events', '/node/jobs', '/node/events/ticket', '/qindex/records'])
      expect([401, 422]).toContain(await ask(`${path}?ticket=${ticket}`));
    const paged = await fetch(`${surface.url}/node/events?ticket=${ticket}`);
    expect([401, 422]).toContain(paged.status);
    expect(await paged.text()).not.toContain(ticket);
    const asBearer = await fetch(`${surface.url}/node/events`, {
      headers: { authorization: `Bearer ${ticket}` },
    });
    expect(asBearer.status).toBe(401);
    const asTransfer = await fetch(`${surface.url}/transfer/${ticket}`);
    expect(asTransfer.status).toBe(403);
    const made = await node.kernel.invoke({
      operation: qindex.list.id,
      input: {},
      surface: 'http',
      credential: { kind: 'bearer', token: ticket },
    });
    expect(made.code).toBe('QLOCK_AUTH_FAIL');
    expect((await stream(ticket)).status).toBe(200);
    expect((await socket(again)).isOpen).toBe(true);
  });
});
