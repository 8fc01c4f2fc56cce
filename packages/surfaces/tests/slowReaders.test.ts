import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { command, contract, event, query, t } from '@anarq/common-schemas';
import { bearer, followEvents, type StreamedEvent } from '@anarq/common-clients';
import { defineModule } from '@anarq/kernel';
import { node as nodeContract } from '@anarq/node-module/contract';
import { squid } from '@anarq/squid/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { agentOf, START } from './eventWorld.ts';

/**
 * Readers that take nothing any more. What a node sends into the air is held by the two kernels first,
 * some mebibytes; so there is more to be sent than they hold.
 */
const TEXT_CHARS = 200_000;
const EVENTS = 100;
const AT_ONCE = 10;
const STALL_MS = 2_500;
const BUFFER_BYTES_MAX = 65_536;
const text = () => t.string({ maxLength: 1_000_000 });

const bulk = contract({
  name: 'bulk',
  version: '1.0.0',
  title: 'Bulk',
  purpose: 'Says much.',
  operations: {
    tell: command({
      summary: 'Emit much.',
      scope: 'bulk/tell',
      input: t.object({}),
      output: t.object({}),
      emits: ['q.bulk.told.v1'],
      examples: [{ summary: 'Much', input: {} }],
    }),
    ask: query({
      summary: 'Answer much.',
      scope: 'bulk/ask',
      access: 'proved',
      input: t.object({}),
      output: t.object({ text: text() }),
      limits: { perMinute: 6_000 },
      examples: [{ summary: 'Much', input: {} }],
    }),
  },
  events: {
    'q.bulk.told.v1': event({
      summary: 'Much.',
      subject: 'name',
      schema: t.object({ name: t.id(), text: text() }),
    }),
  },
});

const bulkModule = defineModule(bulk, {
  handlers: {
    tell: (_input, ctx) => {
      for (let n = 0; n < AT_ONCE; n += 1)
        ctx.emit('q.bulk.told.v1', { name: ctx.id('bulk'), text: 'x'.repeat(TEXT_CHARS) });
      return {};
    },
    ask: async () => ({ text: 'y'.repeat(1_000_000) }),
  },
});

let node: TestNode;
let surface: HttpSurface;
beforeAll(async () => {
  node = await startTestNode({ modules: ['node', 'squid', 'qonsent'], extra: [bulkModule] });
  surface = await startHttpSurface(node.kernel, {
    port: 0,
    closeDeadline_ms: 500,
    streamTimes: { stall_ms: STALL_MS },
    socketLimits: { stall_ms: STALL_MS, buffer_bytes_max: BUFFER_BYTES_MAX },
  });
});
afterAll(async () => {
  await surface.close();
  await node.close();
});

async function tellMuch(who: Actor): Promise<void> {
  for (let n = 0; n < EVENTS / AT_ONCE; n += 1) await who.call(bulk.tell, {});
}

/** A reader that takes what comes. */
function attentive(token: string) {
  const leaving = new AbortController();
  const seen: StreamedEvent[] = [];
  const over = (async () => {
    const order = { url: surface.url, credentials: bearer(token), contracts: [squid] };
    const events = followEvents({
      ...order,
      operation: nodeContract.readEvents,
      topics: ['q.bulk.*'],
      after: START,
      signal: leaving.signal,
    });
    for await (const one of events) seen.push(one);
  })().catch(() => undefined);
  return {
    seen,
    leave: () => {
      leaving.abort();
      return over;
    },
  };
}

const port = () => Number(new URL(surface.url).port);
const TOLD = 'event: event\n';
const countIn = (received: string) => received.split(TOLD).length - 1;

/** Opens the event stream on a bare socket, which a test has take nothing for a while. */
function openStream(token: string) {
  const socket = connect(port(), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(
    `GET /events?topics=q.bulk.*&after=${START} HTTP/1.1\r\nHost: 127.0.0.1:${port()}\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  return {
    socket,
    received: () => Buffer.concat(chunks).toString('latin1'),
    /** All that came until the connection was over. */
    rest: async () => {
      await closed;
      return Buffer.concat(chunks).toString('latin1');
    },
  };
}

/** Opens a WebSocket; what it is told is in `got`. */
async function openSocket(token: string) {
  const client = new WebSocket(`${surface.url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const got: {
    id?: string;
    event?: object;
    ended?: { code: string; details?: object };
    result?: { code: string; details?: object };
  }[] = [];
  client.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as (typeof got)[0]));
  client.on('error', () => undefined);
  await once(client, 'open');
  return { client, got, tell: (message: object) => client.send(JSON.stringify(message)) };
}

describe('a reader of the event stream that takes nothing', () => {
  it('is cut after its time, and others get every event meanwhile', async () => {
    const ana = await node.person('ana');
    const [slow, quick] = [await agentOf(ana, '/bulk'), await agentOf(ana, '/bulk')];
    const stalled = openStream(slow.token);
    await expect.poll(() => node.kernel.streamsOf(slow.did)).toBe(1);
    stalled.socket.pause();
    const reader = attentive(quick.token);
    await tellMuch(ana);
    await expect.poll(() => reader.seen.length).toBe(EVENTS);
    await expect.poll(() => node.kernel.streamsOf(slow.did)).toBe(0);
    expect(node.kernel.streamsOf(quick.did)).toBe(1);
    // The one that was cut does not even find the end: it did not take that in time either.
    await wait(2 * STALL_MS);
    stalled.socket.resume();
    const received = await stalled.rest();
    expect(received).not.toContain('event: end');
    const taken = countIn(received);
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(EVENTS);
    await reader.leave();
  });

  it('and takes it up again in time is told why it ended, and goes on from there', async () => {
    const ben = await node.person('ben');
    const agent = await agentOf(ben, '/bulk');
    await tellMuch(ben);
    const stalled = openStream(agent.token);
    stalled.socket.pause();
    await expect.poll(() => node.kernel.streamsOf(agent.did)).toBe(1);
    await expect.poll(() => node.kernel.streamsOf(agent.did)).toBe(0);
    stalled.socket.resume();
    const received = await stalled.rest();
    const [, last = ''] = received.split('event: end\ndata: ');
    const ended = JSON.parse(last.split('\n')[0] ?? '') as {
      code: string;
      details: { limit: string; max_ms: number; after: string };
    };
    expect(ended).toMatchObject({
      code: 'TIMEOUT_ERROR',
      details: { limit: 'stall', max_ms: STALL_MS },
    });
    const before = countIn(received);
    const page = await ben.call(nodeContract.readEvents, {
      topics: ['q.bulk.*'],
      after: ended.details.after,
      limit: 1,
    });
    expect(before).toBeGreaterThan(0);
    expect(page.items).toHaveLength(1);
    const all = await ben.call(nodeContract.readEvents, {
      topics: ['q.bulk.*'],
      limit: before + 1,
    });
    expect(page.items[0]?.id).toBe(all.items[before]?.id);
  });

  it('and pauses for less than its time loses nothing', async () => {
    const cleo = await node.person('cleo');
    const agent = await agentOf(cleo, '/bulk');
    await tellMuch(cleo);
    const pausing = openStream(agent.token);
    await once(pausing.socket, 'data');
    pausing.socket.pause();
    await wait(STALL_MS / 4);
    pausing.socket.resume();
    await expect.poll(() => countIn(pausing.received())).toBe(EVENTS);
    expect(node.kernel.streamsOf(agent.did)).toBe(1);
    pausing.socket.destroy();
    await pausing.rest();
  });
});

describe('a WebSocket whose other side takes nothing', () => {
  it('is closed after its time with its subscriptions, and others get every event meanwhile', async () => {
    const dan = await node.person('dan');
    const [slow, quick] = [await agentOf(dan, '/bulk'), await agentOf(dan, '/bulk')];
    const [stalled, reader] = [await openSocket(slow.token), await openSocket(quick.token)];
    const order = { id: 's', op: 'subscribe', input: { topics: ['q.bulk.*'], after: START } };
    for (const each of [stalled, reader]) each.tell(order);
    await expect.poll(() => node.kernel.streamsOf(slow.did)).toBe(1);
    stalled.client.pause();
    await tellMuch(dan);
    const events = () => reader.got.filter((one) => one.event !== undefined).length;
    await expect.poll(events).toBe(EVENTS);
    await expect.poll(() => node.kernel.streamsOf(slow.did)).toBe(0);
    expect(node.kernel.streamsOf(quick.did)).toBe(1);
    await wait(2 * STALL_MS);
    const closed = once(stalled.client, 'close');
    stalled.client.resume();
    // Cut, and not closed: it was not there to be told.
    expect((await closed)[0]).toBe(1006);
    expect(stalled.got.some(({ ended }) => ended !== undefined)).toBe(false);
    const taken = stalled.got.filter((one) => one.event !== undefined).length;
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(EVENTS);
    reader.client.close();
    await once(reader.client, 'close');
  });

  it('gets no more answers than its buffer holds, and is heard again once it has read them', async () => {
    const eve = await node.person('eve');
    const [slow, quick] = [await agentOf(eve, '/bulk'), await agentOf(eve, '/bulk')];
    const [stalled, other] = [await openSocket(slow.token), await openSocket(quick.token)];
    stalled.client.pause();
    const CALLS = 40;
    for (let n = 0; n < CALLS; n += 1) {
      stalled.tell({ id: `c${n}`, op: 'bulk.ask' });
      other.tell({ id: `o${n}`, op: 'bulk.ask' });
      await expect.poll(() => other.got.length, { interval: 2 }).toBe(n + 1);
    }
    expect(other.got.every(({ result }) => result?.code === 'SUCCESS')).toBe(true);
    stalled.client.resume();
    await expect.poll(() => stalled.got.length).toBe(CALLS);
    const refused = stalled.got.filter(({ result }) => result?.code !== 'SUCCESS');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(CALLS);
    for (const { result } of refused)
      expect(result).toMatchObject({
        code: 'RATE_LIMIT_EXCEEDED',
        details: { limit: 'bytes to be sent', max: BUFFER_BYTES_MAX },
      });
    stalled.tell({ id: 'again', op: 'bulk.ask' });
    await expect
      .poll(() => stalled.got.find(({ id }) => id === 'again')?.result?.code)
      .toBe('SUCCESS');
    for (const { client } of [stalled, other]) {
      client.close();
      await once(client, 'close');
    }
  });
});
