import { once } from 'node:events';
import { connect } from 'node:net';
import { API_VERSION } from '@anarq/common-schemas';
import { canonicalJson, deriveKeys, sha256Hex, signCall, utf8 } from '@anarq/crypto';
import { qonsent } from '@anarq/qonsent/contract';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { agentOf, put, START } from './eventWorld.ts';

let node: TestNode;
let surface: HttpSurface;
beforeAll(async () => {
  node = await startTestNode({ modules: ['node', 'squid', 'qonsent', 'qindex'] });
  surface = await startHttpSurface(node.kernel, {
    port: 0,
    closeDeadline_ms: 500,
    socketLimits: { inFlight_max: 4, subscriptions_max: 2, ofOnePeer_max: 8 },
  });
});
afterAll(async () => {
  await surface.close();
  await node.close();
});

interface Answer {
  readonly id?: string | null;
  readonly subscription?: string;
  readonly result?: { status: string; code: string; data?: Record<string, unknown> };
  readonly event?: { subject?: string; type: string };
  readonly cursor?: string;
  readonly ended?: { code: string; details?: Record<string, unknown> };
}

interface Socket {
  readonly got: Answer[];
  readonly closed: Promise<number>;
  send(message: unknown): void;
  /** The answer to a message with this id. */
  answer(id: string): Promise<Answer['result']>;
  close(): Promise<number>;
}

const opened: Socket[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) await socket.close();
});

const urlOf = () => `${surface.url.replace('http', 'ws')}/ws`;

async function open(headers: Record<string, string> = {}): Promise<Socket> {
  const client = new WebSocket(urlOf(), { headers });
  const got: Answer[] = [];
  client.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as Answer));
  client.on('error', () => undefined);
  const closed = once(client, 'close').then(([code]) => code as number);
  await once(client, 'open');
  const socket: Socket = {
    got,
    closed,
    send: (message) => client.send(typeof message === 'string' ? message : JSON.stringify(message)),
    answer: async (id) => {
      await expect.poll(() => got.some((one) => one.id === id)).toBe(true);
      return got.find((one) => one.id === id)?.result;
    },
    close: async () => {
      client.close();
      return closed;
    },
  };
  opened.push(socket);
  return socket;
}

/** The HTTP status with which an upgrade is refused. */
async function refused(headers: Record<string, string>, url = urlOf()): Promise<number> {
  const client = new WebSocket(url, { headers });
  client.on('error', () => undefined);
  const [, response] = (await once(client, 'unexpected-response')) as [
    unknown,
    { statusCode: number },
  ];
  return response.statusCode;
}

function signed(who: Actor, operation: string, input: object) {
  const ts = new Date().toISOString();
  const signature = signCall(deriveKeys(who.seed, { index: 0 }), {
    node: node.kernel.node.did,
    identity: who.did,
    operation,
    version: API_VERSION,
    ts,
    inputDigest: sha256Hex(utf8(canonicalJson(input))),
  });
  return { identity: who.did, ts, signature };
}

const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
const subjects = (socket: Socket) =>
  socket.got.flatMap(({ event }) => (event === undefined ? [] : [event.subject]));

describe('calls over a WebSocket', () => {
  it('are answered by their id, and written once under their key', async () => {
    const ana = await node.person('ana');
    const { token } = await agentOf(ana, '/qindex');
    const socket = await open(bearing(token));
    const input = {
      type: 'note',
      key: 'ws',
      cid: 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
      tags: [],
    };
    socket.send({ id: '1', op: 'qindex.put', input, idempotencyKey: 'once' });
    const first = await socket.answer('1');
    expect(first).toMatchObject({ status: 'ok', data: { record: { version: 1 } } });
    socket.send({ id: '2', op: 'qindex.put', input, idempotencyKey: 'once' });
    expect(await socket.answer('2')).toMatchObject({
      replayed: true,
      data: { recordId: first?.data?.['recordId'] },
    });
    socket.send({ id: '3', op: 'qindex.nothing', input: {} });
    expect((await socket.answer('3'))?.code).toBe('OPERATION_UNKNOWN');
  });

  it('may each be signed by somebody else than opened the connection', async () => {
    const ben = await node.person('ben');
    const socket = await open();
    const input = { limit: 1 };
    socket.send({ id: 'a', op: 'node.readEvents', input });
    expect((await socket.answer('a'))?.code).toBe('QLOCK_AUTH_FAIL');
    const credential = signed(ben, 'node.readEvents', input);
    socket.send({ id: 'b', op: 'node.readEvents', input, credential });
    expect(await socket.answer('b')).toMatchObject({ status: 'ok', data: { items: [] } });
    socket.send({ id: 'c', op: 'node.readEvents', input: { limit: 2 }, credential });
    expect((await socket.answer('c'))?.code).toBe('SIGNATURE_INVALID');
  });
});

describe('subscriptions over a WebSocket', () => {
  it('bring what was, then what comes, without a gap and without one twice', async () => {
    const cleo = await node.person('cleo');
    const { token } = await agentOf(cleo, '/qindex');
    const about = [await put(cleo, 'was 1'), await put(cleo, 'was 2')];
    const socket = await open(bearing(token));
    const input = { topics: ['q.qindex.*'], after: START };
    socket.send({ id: 's', op: 'subscribe', input });
    const [more] = await Promise.all([put(cleo, 'comes'), socket.answer('s')]);
    about.push(more);
    await expect.poll(() => subjects(socket)).toEqual(about);
    socket.send({ id: 'u', op: 'unsubscribe', input: { subscription: 's' } });
    expect(await socket.answer('u')).toMatchObject({ status: 'ok' });
    await put(cleo, 'unheard');
    expect(subjects(socket)).toEqual(about);
    await expect.poll(() => node.kernel.streamsOf(cleo.did)).toBe(0);
  });

  it('end at once when the grant behind them is revoked, and no other can be opened', async () => {
    const dan = await node.person('dan');
    const agent = await agentOf(dan, '/qindex');
    const socket = await open(bearing(agent.token));
    socket.send({ id: 's', op: 'subscribe' });
    expect((await socket.answer('s'))?.status).toBe('ok');
    await dan.call(qonsent.revoke, { grant: agent.grant });
    await expect
      .poll(() => socket.got.find(({ subscription }) => subscription === 's')?.ended?.code)
      .toBe('GRANT_REVOKED');
    await put(dan, 'unseen');
    socket.send({ id: 't', op: 'subscribe', input: { after: START } });
    expect((await socket.answer('t'))?.code).toBe('GRANT_REVOKED');
    expect(subjects(socket)).toEqual([]);
  });

  it('are limited, one by one and together', async () => {
    const eve = await node.person('eve');
    const { token } = await agentOf(eve, '/qindex');
    const socket = await open(bearing(token));
    for (const id of ['1', '2', '3']) socket.send({ id, op: 'subscribe' });
    const codes = [await socket.answer('1'), await socket.answer('2'), await socket.answer('3')];
    expect(codes.map((each) => each?.code).toSorted()).toEqual([
      'LIMIT_EXCEEDED',
      'SUCCESS',
      'SUCCESS',
    ]);
    socket.send({ id: '1', op: 'subscribe' });
    await expect
      .poll(() => socket.got.filter(({ id }) => id === '1').at(-1)?.result?.code)
      .toBe('STATE_CONFLICT');
  });
});

describe('a WebSocket', () => {
  it('is not opened for a foreign page, another host, another path, or with a signature', async () => {
    expect(await refused({ origin: 'https://evil.example' })).toBe(403);
    expect(await refused({ host: 'rebound.example' })).toBe(403);
    expect(await refused({}, `${urlOf()}?token=x`)).toBe(404);
    const credential = signed(await node.person('finn'), 'node.readEvents', {});
    expect(
      await refused({
        'x-squid-id': credential.identity,
        'x-ts': credential.ts,
        'x-sig': credential.signature,
      }),
    ).toBe(422);
  });

  it('answers what is no message, and goes on', async () => {
    const socket = await open();
    const bad = [
      'not json',
      '[]',
      '{"id":"x","op":"a.b","__proto__":{"polluted":true}}',
      '{"id":"x","op":"a.b","id":"y"}',
      `{"id":"x","op":"a.b","input":${'['.repeat(200)}${']'.repeat(200)}}`,
      '{"id":"x y","op":"a.b"}',
      '{"id":"x","op":7}',
      '{"id":"x","op":"a.b","constructor":{}}',
      '{"id":"x","op":"a.b","credential":{"token":"t","identity":"i"}}',
    ];
    for (const text of bad) socket.send(text);
    await expect.poll(() => socket.got.length).toBe(bad.length);
    for (const { result } of socket.got)
      expect(result?.code).toMatch(/^INPUT_(MALFORMED|INVALID)$/);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    socket.send({ id: 'ok', op: 'node.nothing' });
    expect((await socket.answer('ok'))?.code).toBe('OPERATION_UNKNOWN');
  });

  it('is closed for a frame that is too large, or binary', async () => {
    const large = await open();
    large.send('x'.repeat(8_000_000));
    expect(await large.closed).toBe(1009);
    const anonymous = await open();
    anonymous.send({ id: 'big', op: 'qindex.put', input: { text: 'x'.repeat(100_000) } });
    expect((await anonymous.answer('big'))?.code).toBe('INPUT_TOO_LARGE');
    const binary = new WebSocket(urlOf());
    await once(binary, 'open');
    binary.send(Buffer.from([1, 2, 3]));
    expect((await once(binary, 'close'))[0]).toBe(1003);
  });

  it('takes no more calls at a time than it may have, and no two of one id', async () => {
    const gina = await node.person('gina');
    const { token } = await agentOf(gina, '/');
    const socket = await open(bearing(token));
    for (let n = 0; n < 40; n += 1) socket.send({ id: `c${n}`, op: 'node.readEvents' });
    await expect.poll(() => socket.got.length).toBe(40);
    const codes = new Set(socket.got.map(({ result }) => result?.code));
    expect(codes).toContain('SUCCESS');
    expect([...codes].every((code) => code === 'SUCCESS' || code === 'RATE_LIMIT_EXCEEDED')).toBe(
      true,
    );
    expect(codes).toContain('RATE_LIMIT_EXCEEDED');
  });

  it('opens no more connections of one address than it may have', async () => {
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open()));
    expect(await refused({})).toBe(429);
    await sockets[0]?.close();
    const again = await open();
    expect(again.got).toEqual([]);
  });

  it('is closed when the node stops, and its subscriptions say how to go on', async () => {
    const other = await startTestNode({ modules: ['node', 'squid', 'qonsent', 'qindex'] });
    const its = await startHttpSurface(other.kernel, { port: 0, closeDeadline_ms: 500 });
    const hal = await other.person('hal');
    const { token } = await agentOf(hal, '/');
    const client = new WebSocket(`${its.url.replace('http', 'ws')}/ws`, {
      headers: bearing(token),
    });
    const got: Answer[] = [];
    client.on('message', (data: Buffer) => got.push(JSON.parse(data.toString()) as Answer));
    await once(client, 'open');
    client.send(JSON.stringify({ id: 's', op: 'subscribe' }));
    await expect.poll(() => got.length).toBe(1);
    const closed = once(client, 'close');
    await its.close();
    expect((await closed)[0]).toBe(1001);
    expect(got[1]).toMatchObject({
      subscription: 's',
      ended: { code: 'SERVICE_UNAVAILABLE', details: { after: expect.any(String) as string } },
    });
    await other.close();
  });

  it('survives what is no upgrade at all', async () => {
    const socket = connect(Number(new URL(surface.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 4/);
    socket.destroy();
    expect((await open()).got).toEqual([]);
  });
});
