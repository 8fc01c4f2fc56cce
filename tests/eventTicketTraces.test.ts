import { createClient, http, keys } from '@anarq/common-clients';
import { node as nodeContract } from '@anarq/node-module/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange } from './rawRequest.ts';
import { startWatchedNode, type WatchedNode } from './watchedNode.ts';

/** A ticket stands in an address, which programs like to log; this node does not. */
describe('a ticket for events', () => {
  let watched: WatchedNode;
  let metrics: string;
  let refusals: string;
  const tickets: string[] = [];
  const statuses: number[] = [];

  beforeAll(async () => {
    watched = await startWatchedNode();
    const { url, address, operatorSeed, kernel } = watched.node;
    const operator = createClient({
      contracts: kernel.contracts,
      transport: http({
        url,
        credentials: keys({ did: address.operator, seed: operatorSeed, nodeDid: address.node }),
      }),
    });
    const ask = async () => {
      const { ticket } = await operator.call(nodeContract.eventTicket, {});
      tickets.push(ticket);
      return ticket;
    };
    const said: string[] = [];
    const streamed = await ask();
    const leaving = new AbortController();
    const stream = await fetch(`${url}/events?ticket=${streamed}`, { signal: leaving.signal });
    statuses.push(stream.status);
    said.push(JSON.stringify([...stream.headers]));
    leaving.abort();
    const socketed = await ask();
    const client = new WebSocket(`${url.replace('http', 'ws')}/ws?ticket=${socketed}`);
    const next = (event: 'open' | 'message' | 'close') =>
      new Promise<unknown>((resolve) => {
        client.addEventListener(event, (came) => resolve('data' in came ? came.data : undefined));
      });
    await next('open');
    client.send(JSON.stringify({ id: '1', op: 'qindex.list', input: {} }));
    said.push(String(await next('message')));
    client.close();
    await next('close');
    const unused = await ask();
    // Spent, in the wrong place, with too much beside it, and where there is nothing.
    for (const [method, path] of [
      ['GET', `/events?ticket=${streamed}`],
      ['POST', `/events?ticket=${unused}`],
      ['GET', `/events?ticket=${unused}&nothing=1`],
      ['GET', `/events?ticket=${unused}&ticket=${unused}`],
      ['GET', `/ws?ticket=${unused}`],
      ['GET', `/nowhere?ticket=${unused}`],
      ['GET', `/node/events?ticket=${unused}`],
      ['GET', `/node/jobs/x?ticket=${unused}`],
      ['GET', `/transfer/${unused}`],
      ['POST', `/graphql?ticket=${unused}`],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method });
      statuses.push(answer.status);
      said.push(await answer.text(), JSON.stringify([...answer.headers]));
    }
    const refused = await exchange(Number(new URL(url).port), {
      method: 'GET',
      path: `/ws?ticket=${socketed}`,
      headers: {
        host: new URL(url).host,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
    });
    statuses.push(refused.status);
    said.push(refused.body, JSON.stringify(refused.headers));
    await operator.close();
    refusals = said.join('\n');
    metrics = await kernel.telemetry.text();
    await watched.stop();
  });
  afterAll(() => watched.remove());

  const holdsOne = (text: string) => tickets.some((ticket) => text.includes(ticket.slice(4, 20)));

  it('is in no line of the log, which does tell of the streams', async () => {
    expect(tickets).toHaveLength(3);
    expect(statuses).toEqual([200, 401, 405, 422, 422, 404, 404, 422, 422, 403, 400, 401]);
    const text = await watched.logText();
    expect(text).toContain('/events');
    expect(holdsOne(text)).toBe(false);
  });

  it('is in no metric, no span, and no answer but the one that gave it', () => {
    expect(metrics).toContain('operation="eventTicket"');
    expect(holdsOne(metrics)).toBe(false);
    const spans = watched.receiver.text();
    expect(spans).toContain('node.eventTicket');
    expect(holdsOne(spans)).toBe(false);
    expect(refusals).toContain('QLOCK_AUTH_FAIL');
    expect(holdsOne(refusals)).toBe(false);
  });
});
