import { afterEach, describe, expect, it } from 'vitest';
import type { AccessEntry } from '../src/index.ts';
import { startHttpSurface, type HttpSurface, type HttpSurfaceOptions } from '../src/index.ts';
import { everything } from '../../schemas/tests/everyWord.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';
import { RawSocket } from './rawSocket.ts';

let node: FakeNode;
const open: HttpSurface[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((surface) => surface.close()));
});

async function start(options: HttpSurfaceOptions = {}): Promise<HttpSurface> {
  node = fakeNode();
  const surface = await startHttpSurface(node, { port: 0, ...options });
  open.push(surface);
  return surface;
}

const request = (line: string, headers: readonly string[], body = '') =>
  [
    `${line} HTTP/1.1`,
    ...headers,
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    '',
    body,
  ].join('\r\n');

const RUN = [
  'Host: localhost',
  'Content-Type: application/json',
  'Authorization: Bearer qat_test',
] as const;
const code = (body: string | undefined) => (JSON.parse(body ?? '{}') as { code?: string }).code;

describe('a connection to the node', () => {
  it.each([
    'Authorization: Bearer qat_other',
    'X-Sig: v1.a',
    'Idempotency-Key: b',
    'X-Subject: did:squid:b',
  ])('refuses a call where %s stands twice', async (header) => {
    const { port } = await start();
    const twice = [...RUN, 'X-Sig: v1.b', 'Idempotency-Key: a', 'X-Subject: did:squid:a', header];
    const socket = new RawSocket(port).write(
      request('POST /everyword/run', twice, JSON.stringify(everything)),
    );
    const answer = await socket.answer();
    expect([answer?.status, code(answer?.body)]).toEqual([422, 'INPUT_INVALID']);
    expect(node.calls).toEqual([]);
    socket.socket.destroy();
  });

  it.each([
    ['evil.example', 403],
    ['evil.example:8080', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost@evil.example', 403],
    ['LOCALHOST:99', 401],
    ['[::1]:1', 401],
    ['127.0.0.1', 401],
  ])('under the name %s answers %i', async (host, status) => {
    const { port } = await start();
    const socket = new RawSocket(port).write(request('GET /everyword/list', [`Host: ${host}`]));
    expect((await socket.answer())?.status).toBe(status);
    socket.socket.destroy();
  });

  it.each([
    ['no Host at all', 'GET /health HTTP/1.1\r\n\r\n', 400, 'INPUT_MALFORMED'],
    ['HTTP/1.0 without Host', 'GET /health HTTP/1.0\r\n\r\n', 400, 'INPUT_MALFORMED'],
    [
      'two Hosts',
      'GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n',
      422,
      'INPUT_INVALID',
    ],
    [
      'a method of another protocol',
      'PROPFIND /everyword/list HTTP/1.1\r\nHost: localhost\r\n\r\n',
      405,
      'METHOD_NOT_ALLOWED',
    ],
    [
      'a part of a path beyond every limit',
      `POST /everyword/echo/${'a'.repeat(3_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      413,
      'INPUT_TOO_LARGE',
    ],
    [
      'two lengths',
      'POST /everyword/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'INPUT_MALFORMED',
    ],
  ])('with %s is answered in the envelope', async (_name, bytes, status, expected) => {
    const { port } = await start();
    const socket = new RawSocket(port).write(bytes);
    const answer = await socket.answer();
    expect([answer?.status, code(answer?.body)]).toEqual([status, expected]);
    socket.socket.destroy();
  });

  it('ignores an expectation that it does not know', async () => {
    const { port } = await start();
    const socket = new RawSocket(port);
    socket.write(request('GET /health', ['Host: localhost', 'Expect: 200-maybe']));
    expect((await socket.answer())?.status).toBe(200);
    socket.socket.destroy();
  });

  it('answers under names that its operator gives it, and no others', async () => {
    const { port } = await start({ hostNames: ['node.example'] });
    const socket = new RawSocket(port);
    socket.write(request('GET /everyword/list', ['Host: Node.Example']));
    expect((await socket.answer())?.status).toBe(401);
    socket.write(request('GET /everyword/list', ['Host: other.example']));
    expect((await socket.answer())?.status).toBe(403);
    socket.socket.destroy();
  });

  it('survives a body that is too large, announced or not', async () => {
    const { port } = await start();
    const socket = new RawSocket(port);
    const large = JSON.stringify({ text: 'x'.repeat(300_000) });
    socket.write(request('POST /everyword/run', RUN, large));
    const announced = await socket.answer();
    expect([announced?.status, code(announced?.body)]).toEqual([413, 'INPUT_TOO_LARGE']);
    socket.write(
      `POST /everyword/run HTTP/1.1\r\n${RUN.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write(`${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`);
    expect((await socket.answer())?.status).toBe(413);
    socket.write(request('POST /everyword/run', RUN, JSON.stringify(everything)));
    expect((await socket.answer())?.status).toBe(200);
    expect(node.calls.length).toBe(1);
    socket.socket.destroy();
  });

  it('tells a sender of gigabytes to stop', async () => {
    const { port } = await start();
    const socket = new RawSocket(port).write(
      `POST /everyword/run HTTP/1.1\r\n${RUN.join('\r\n')}\r\nContent-Length: 5000000000\r\n\r\n{`,
    );
    const answer = await socket.answer();
    expect([answer?.status, answer?.headers['connection']]).toEqual([413, 'close']);
    socket.socket.destroy();
  });

  it.each(['/everyword/run', '/mcp'])(
    'reads no large body of a sender that claims to be nobody, at %s',
    async (path) => {
      const { port } = await start();
      const nobody = ['Host: localhost', 'Content-Type: application/json'];
      const announced = new RawSocket(port).write(
        `POST ${path} HTTP/1.1\r\n${nobody.join('\r\n')}\r\nContent-Length: 65537\r\n\r\n{`,
      );
      const streamed = new RawSocket(port).write(
        `POST ${path} HTTP/1.1\r\n${nobody.join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      );
      // Never ended: the answer does not wait for the rest.
      streamed.write(`10001\r\n${' '.repeat(65_537)}\r\n`);
      for (const socket of [announced, streamed]) {
        const answer = await socket.answer();
        expect([answer?.status, answer?.headers['connection']]).toEqual([413, 'close']);
        expect(answer?.body).toContain('INPUT_TOO_LARGE');
        socket.socket.destroy();
      }
      expect(node.calls).toEqual([]);
    },
  );

  it('reads what fits into 64 KiB of anybody, and more of whoever shows a credential', async () => {
    const { port } = await start();
    const send = async (headers: readonly string[], bytes: number) => {
      const call = JSON.stringify(everything);
      const body = call + ' '.repeat(bytes - Buffer.byteLength(call));
      const socket = new RawSocket(port).write(request('POST /everyword/run', headers, body));
      const answer = await socket.answer();
      socket.socket.destroy();
      return answer?.status;
    };
    expect(await send(['Host: localhost', 'Content-Type: application/json'], 65_536)).toBe(401);
    expect(await send(RUN, 65_537)).toBe(200);
  });

  it('is one of a bounded number', async () => {
    const { port } = await start({ connections_max: 2 });
    const held = [new RawSocket(port), new RawSocket(port)];
    for (const socket of held) {
      socket.write(request('GET /health', ['Host: localhost']));
      expect((await socket.answer())?.status).toBe(200);
    }
    const third = new RawSocket(port).write(request('GET /health', ['Host: localhost']));
    expect((await third.rest()).length).toBe(0);
    for (const { socket } of held) socket.destroy();
  });

  it('has a place although others hold all of them and send no request', async () => {
    const { port } = await start({ connections_max: 3, headersTimeout_ms: 60_000 });
    const first = new RawSocket(port).write(request('GET /health', ['Host: localhost']));
    expect((await first.answer())?.status).toBe(200);
    const silent = Array.from({ length: 20 }, () =>
      new RawSocket(port).write('GET /health HTTP/1.1\r\nHost: loc'),
    );
    // Two places are theirs, so those that came before the last two have ended.
    for (const socket of silent.slice(0, 18)) expect((await socket.rest()).length).toBe(0);
    const other = new RawSocket(port).write(request('GET /health', ['Host: localhost']));
    expect((await other.answer())?.status).toBe(200);
    first.write(request('GET /health', ['Host: localhost']));
    expect((await first.answer())?.status).toBe(200);
    for (const { socket } of [first, other, ...silent]) socket.destroy();
  });

  it('is told to wait where its address sends too many requests', async () => {
    const { url } = await start({ requestsPerSecond_max: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => fetch(`${url}/health`)));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('retry-after')).toBe('1');
    expect(code(await refused?.text())).toBe('RATE_LIMIT_EXCEEDED');
  });

  it('refuses headers beyond 32 KiB in the envelope', async () => {
    const { port } = await start();
    const fits = new RawSocket(port).write(
      request('GET /everyword/list', ['Host: localhost', `X-Fill: ${'x'.repeat(30_000)}`]),
    );
    expect((await fits.answer())?.status).toBe(401);
    fits.socket.destroy();
    const socket = new RawSocket(port).write(
      request('GET /everyword/list', ['Host: localhost', `X-Fill: ${'x'.repeat(33_000)}`]),
    );
    const answer = await socket.answer();
    expect([answer?.status, code(answer?.body)]).toEqual([431, 'HEADERS_TOO_LARGE']);
  });

  it('refuses what is no HTTP in the envelope', async () => {
    const { port } = await start();
    const answer = await new RawSocket(port).write('HELLO\r\n\r\n').answer();
    expect([answer?.status, code(answer?.body)]).toEqual([400, 'INPUT_MALFORMED']);
  });

  it('does not wait for ever for headers or a body', async () => {
    const { port } = await start({ headersTimeout_ms: 100, requestTimeout_ms: 200 });
    const headers = new RawSocket(port).write('GET /everyword/list HTTP/1.1\r\nHost: local');
    const body = new RawSocket(port).write(
      `POST /everyword/run HTTP/1.1\r\n${RUN.join('\r\n')}\r\nContent-Length: 100\r\n\r\n{`,
    );
    for (const answer of [await headers.answer(), await body.answer()])
      expect([answer?.status, code(answer?.body)]).toEqual([408, 'REQUEST_TIMEOUT']);
    expect(node.calls).toEqual([]);
  });

  it('finishes what runs, takes nothing new, and then is gone', async () => {
    const surface = await start();
    const running = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    node.answers.set('everyword.run', async (call) => {
      entered.resolve();
      await running.promise;
      return ok(call.input);
    });
    const socket = new RawSocket(surface.port).write(
      request('POST /everyword/run', RUN, JSON.stringify(everything)),
    );
    await entered.promise;
    const kept = new RawSocket(surface.port).write(request('GET /health', ['Host: localhost']));
    await kept.answer();
    const closing = surface.close();
    await expect(fetch(`${surface.url}/health`)).rejects.toThrow();
    running.resolve();
    const answer = await socket.answer();
    expect([answer?.status, answer?.headers['connection']]).toEqual([200, 'close']);
    await closing;
  });

  it('cuts at the deadline what does not end', async () => {
    const surface = await start({ closeDeadline_ms: 100 });
    const entered = Promise.withResolvers<void>();
    node.answers.set('everyword.run', () => {
      entered.resolve();
      return new Promise(() => {});
    });
    const socket = new RawSocket(surface.port).write(
      request('POST /everyword/run', RUN, JSON.stringify(everything)),
    );
    await entered.promise;
    await surface.close();
    expect((await socket.rest()).length).toBe(0);
  });
});

describe('what the node says of itself', () => {
  it('its health, with a status that a load balancer reads', async () => {
    const { url } = await start();
    const healthy = await fetch(`${url}/health`);
    expect([healthy.status, await healthy.json()]).toMatchObject([200, { status: 'healthy' }]);
    node.health = async () => ({ status: 'unhealthy' });
    expect((await fetch(`${url}/health`)).status).toBe(503);
  });

  it('who it is', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/.well-known/q-node`)).json()).toMatchObject({
      did: 'did:squid:node',
      apiVersions: ['v1'],
      modules: [{ name: 'everyword', version: '1.2.3', did: 'did:squid:module' }],
      log: { trust: 'log+trust' },
      mcp: `${url}/mcp`,
    });
  });

  it('its documents, derived from the contracts', async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/openapi.json`)).json()).toMatchObject({
      openapi: '3.1.1',
      paths: { '/everyword/echo/{id}': {} },
    });
    expect(await (await fetch(`${url}/asyncapi.json`)).json()).toMatchObject({ asyncapi: '3.0.0' });
  });

  it('a line for each request, without ids or tickets in it', async () => {
    const lines: AccessEntry[] = [];
    const { url } = await start({ log: { served: (entry) => lines.push(entry) } });
    await fetch(`${url}/transfer/ticket-secret`);
    await fetch(`${url}/everyword/echo/private`, { method: 'POST' });
    await fetch(`${url}/transfer/ticket-secret/x/y`);
    expect(lines.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['GET', '/transfer/:ticket', 200],
      ['POST', '/everyword/echo/:id', 401],
      ['GET', 'unknown', 404],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/secret|private/);
  });
});
