import {
  bearer,
  createClient,
  delegate,
  followEvents,
  http,
  keys,
  type CallError,
  type StreamedEvent,
} from '@anarq/common-clients';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { node as nodeContract } from '@anarq/node-module/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { agentOf, put, START } from './eventWorld.ts';

let node: TestNode;
let surface: HttpSurface;
beforeAll(async () => {
  node = await startTestNode({ modules: ['node', 'squid', 'qonsent', 'qindex'] });
  surface = await startHttpSurface(node.kernel, { port: 0, closeDeadline_ms: 500 });
});
afterAll(async () => {
  await surface.close();
  await node.close();
});

/** Streams that somebody has open. */
const openStreams = (actor: string) => node.kernel.streamsOf(actor);

const keysOf = (who: Actor) =>
  keys({ did: who.did, seed: who.seed, nodeDid: node.kernel.node.did });

interface Reader {
  readonly seen: StreamedEvent[];
  /** The error that the stream ended with. */
  readonly ended: Promise<CallError | undefined>;
  stop(): Promise<void>;
}

/** Reads a stream until it ends, or the test does. */
function read(
  credentials: ReturnType<typeof bearer>,
  options: { topics?: string[]; after?: string; all?: boolean } = {},
): Reader {
  const stop = new AbortController();
  const seen: StreamedEvent[] = [];
  const ended = (async () => {
    try {
      const order = { url: surface.url, credentials, contracts: [squid], signal: stop.signal };
      const operation = nodeContract.readEvents;
      for await (const one of followEvents({ ...order, operation, ...options })) seen.push(one);
    } catch (error) {
      return error as CallError;
    }
    return undefined;
  })();
  return {
    seen,
    ended,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

const subjects = (reader: Reader) => reader.seen.map(({ event }) => event.subject);

describe('a stream of events', () => {
  it('brings each to whom it concerns, and to nobody else', async () => {
    const [ana, ben] = [await node.person('ana'), await node.person('ben')];
    const foreign = await node.person('far', 'elsewhere');
    const [ofAna, ofBen, ofForeign] = [ana, ben, foreign].map((who) =>
      read(keysOf(who), { after: START }),
    ) as [Reader, Reader, Reader];
    const about = [await put(ana, 'a1'), await put(ben, 'b1'), await put(ana, 'a2')];
    await expect.poll(() => subjects(ofAna)).toEqual([about[0], about[2]]);
    await expect.poll(() => subjects(ofBen)).toEqual([about[1]]);
    expect(ofForeign.seen).toEqual([]);
    for (const reader of [ofAna, ofBen, ofForeign]) await reader.stop();
  });

  it('goes on behind the last event, without a gap and without one twice', async () => {
    const cleo = await node.person('cleo');
    const about: string[] = [];
    const first = read(keysOf(cleo), { after: START });
    for (let n = 0; n < 5; n += 1) about.push(await put(cleo, `k${n}`));
    await expect.poll(() => subjects(first)).toEqual(about);
    await first.stop();
    about.push(await put(cleo, 'while away'));
    const second = read(keysOf(cleo), { after: first.seen[1]?.cursor ?? '' });
    about.push(await put(cleo, 'while reading'));
    await expect.poll(() => subjects(second)).toEqual(about.slice(2));
    await second.stop();
  });

  it('shows an agent what its grant covers, and that alone', async () => {
    const dan = await node.person('dan');
    const reader = await agentOf(dan, '/qindex/events');
    const other = await agentOf(dan, '/qonsent/grant');
    const [covered, uncovered] = [reader, other].map(({ token }) =>
      read(bearer(token), { after: START }),
    ) as [Reader, Reader];
    const about = await put(dan, 'seen by the agent');
    await expect.poll(() => subjects(covered)).toEqual([about]);
    expect(uncovered.seen.some(({ event }) => event.type.startsWith('q.qindex.'))).toBe(false);
    for (const each of [covered, uncovered]) await each.stop();
  });

  it.each(['grant', 'token', 'identity'] as const)(
    'ends at once, and says why, when its %s ends',
    async (what) => {
      const eve = await node.person(`eve ${what}`);
      const agent = await agentOf(eve, '/qindex');
      const reader = read(bearer(agent.token));
      await expect.poll(() => openStreams(agent.did)).toBe(1);
      if (what === 'grant') await eve.call(qonsent.revoke, { grant: agent.grant });
      if (what === 'token')
        await eve.call(squid.revokeToken, { agent: agent.did, tokenId: agent.tokenId });
      if (what === 'identity') await eve.call(squid.suspend, { did: agent.did });
      const error = await reader.ended;
      expect(error?.code).toBe(what === 'identity' ? 'SQUID_IDENTITY_INVALID' : 'GRANT_REVOKED');
      if (what === 'grant') expect(error?.details).toMatchObject({ why: { grant: agent.grant } });
      await put(eve, `after the ${what} ended`);
      expect(reader.seen).toEqual([]);
    },
  );

  it('goes on without what its reader may no longer see, once somebody took back a grant', async () => {
    const [hana, ivo] = [await node.person('hana'), await node.person('ivo')];
    const delegation = delegate({
      keys: deriveKeys(hana.seed),
      issuer: hana.did,
      audience: ivo.did,
      subject: hana.did,
      command: '/qindex/events',
    });
    const { grant } = await hana.call(qonsent.grant, {
      audience: ivo.did,
      command: '/qindex/events',
      token: toBase64url(delegation),
    });
    const reader = read(keysOf(ivo), { topics: ['q.qindex.*'] });
    await expect.poll(() => openStreams(ivo.did)).toBe(1);
    const shown = await put(hana, 'while it may be seen');
    await expect.poll(() => subjects(reader)).toEqual([shown]);
    await hana.call(qonsent.revoke, { grant });
    await put(hana, 'not for ivo any more');
    const own = await put(ivo, 'of its own');
    // What comes after it is there, so what lies before was left out.
    await expect.poll(() => subjects(reader)).toEqual([shown, own]);
    expect(openStreams(ivo.did)).toBe(1);
    await reader.stop();
  });

  it('is refused to nobody in particular, and every event to all but the owner of the node', async () => {
    const anonymous = await fetch(`${surface.url}/events`);
    expect([anonymous.status, ((await anonymous.json()) as { code: string }).code]).toEqual([
      401,
      'QLOCK_AUTH_FAIL',
    ]);
    const finn = await node.person('finn');
    const all = read(keysOf(finn), { all: true });
    expect((await all.ended)?.code).toBe('QONSENT_DENIED');
    const operator = read(keysOf(node.operator), { all: true });
    await expect.poll(() => openStreams(node.operator.did)).toBe(1);
    const about = await put(finn, 'seen by the operator');
    await expect.poll(() => subjects(operator)).toEqual([about]);
    await operator.stop();
  });

  it('takes topics, and refuses what is none, a cursor that is none, and what only a page takes', async () => {
    const gina = await node.person('gina');
    const { token } = await agentOf(gina, '/');
    const ask = async (query: string) => {
      const answer = await fetch(`${surface.url}/events?${query}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { code } = (await answer.json()) as { code: string };
      return code;
    };
    expect(await ask('topics=not%20a%20topic')).toBe('INPUT_INVALID');
    expect(await ask('after=AAAA')).toBe('INPUT_INVALID');
    expect(await ask('limit=3')).toBe('INPUT_INVALID');
    expect(await ask('tenant=elsewhere')).toBe('INPUT_INVALID');
    const reader = read(bearer(token), { topics: ['q.qindex.*'], after: START });
    const about = await put(gina, 'by topic');
    await expect.poll(() => subjects(reader)).toEqual([about]);
    await reader.stop();
  });
});

describe('a page of events', () => {
  it('goes through what its reader may see, with a cursor that goes on later', async () => {
    const hal = await node.person('hal');
    const about = [await put(hal, 'p1'), await put(hal, 'p2'), await put(hal, 'p3')];
    const first = await hal.call(nodeContract.readEvents, { limit: 2 });
    expect(first.items.map(({ subject }) => subject)).toEqual(about.slice(0, 2));
    const rest = await hal.call(nodeContract.readEvents, { after: first.next });
    expect(rest.items.map(({ subject }) => subject)).toEqual(about.slice(2));
    about.push(await put(hal, 'p4'));
    const later = await hal.call(nodeContract.readEvents, { after: rest.next });
    expect(later.items.map(({ subject }) => subject)).toEqual(about.slice(3));
  });

  it('is the same over HTTP for who signs its call', async () => {
    const ida = await node.person('ida');
    const about = await put(ida, 'over http');
    const client = createClient({
      contracts: [squid, nodeContract],
      transport: http({ url: surface.url, credentials: keysOf(ida) }),
    });
    const page = await client.call(nodeContract.readEvents, { topics: ['q.qindex.*'] });
    expect(page.items).toMatchObject([{ subject: about, specversion: '1.0' }]);
    await client.close();
  });
});
