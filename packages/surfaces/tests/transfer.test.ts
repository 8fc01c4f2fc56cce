import { createHash, randomBytes } from 'node:crypto';
import { failure } from '@anarq/common-schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { contentOf, fakeNode, type FakeNode } from './fakeNode.ts';
import { RawSocket } from './rawSocket.ts';

let node: FakeNode;
let surface: HttpSurface;
beforeEach(async () => {
  node = fakeNode();
  surface = await startHttpSurface(node, { port: 0, closeDeadline_ms: 200 });
});
afterEach(() => surface.close());

const path = (tail: string) => `${surface.url}/transfer/ticket-1${tail}`;
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a part of an upload', () => {
  it('arrives with its index and digest, byte for byte', async () => {
    const bytes = randomBytes(3_000_000);
    const sha256Hex = createHash('sha256').update(bytes).digest('hex');
    const response = await fetch(path('/7'), {
      method: 'PUT',
      body: bytes,
      headers: { 'x-content-sha256': sha256Hex },
    });
    expect([response.status, await codeOf(response)]).toEqual([200, 'SUCCESS']);
    expect(node.parts).toMatchObject([{ ticket: 'ticket-1', index: 7, sha256Hex }]);
    expect(node.parts[0]?.bytes.equals(bytes)).toBe(true);
  });

  it('may be empty, and of any type', async () => {
    for (const type of ['application/json', 'image/png'])
      await fetch(path('/0'), { method: 'PUT', body: '', headers: { 'content-type': type } });
    expect(node.parts.map(({ bytes }) => bytes.length)).toEqual([0, 0]);
  });

  it.each([
    ['/-1', {}],
    ['/1.0', {}],
    ['/01', {}],
    ['/99999999', {}],
    ['/1', { 'x-content-sha256': 'AB' }],
  ])('%s is refused where it makes no sense', async (tail, headers) => {
    const response = await fetch(path(tail), { method: 'PUT', body: 'x', headers });
    expect([response.status, await codeOf(response)]).toEqual([422, 'INPUT_INVALID']);
  });

  it('refused before it was read leaves a connection that can be used', async () => {
    node.receive = async (part) => {
      for await (const _ of part.body) break;
      return failure('TICKET_INVALID', { requestId: 'req_part', now_ms: 0 });
    };
    const socket = new RawSocket(surface.port);
    socket.write(
      'PUT /transfer/ticket-1/0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n',
    );
    socket.write(Buffer.alloc(1_000_000));
    const refused = await socket.answer();
    expect([refused?.status, refused?.headers['x-request-id']]).toEqual([403, 'req_part']);
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect((await socket.answer())?.status).toBe(200);
    socket.socket.destroy();
  });

  it('that breaks off is an error to whoever reads it', async () => {
    const ended = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    node.receive = async (part) => {
      try {
        for await (const _ of part.body) begun.resolve();
        ended.resolve('complete');
      } catch (error) {
        ended.resolve(error);
      }
      return failure('INTERNAL', { requestId: 'req_part', now_ms: 0 });
    };
    const socket = new RawSocket(surface.port);
    socket.write(
      'PUT /transfer/ticket-1/0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc',
    );
    await begun.promise;
    socket.socket.destroy();
    expect(await ended.promise).toBeInstanceOf(Error);
  });
});

describe('content on its way out', () => {
  const bytes = randomBytes(1_000_000);

  it('is whole, or the range that was asked for', async () => {
    node.content = (range) => contentOf(bytes, range);
    const whole = await fetch(path(''));
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'bytes']);
    expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await fetch(path(''), { headers: { range: 'bytes=10-99999' } });
    expect([
      part.status,
      part.headers.get('content-range'),
      part.headers.get('content-length'),
    ]).toEqual([206, 'bytes 10-99999/1000000', '99990']);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 100_000))).toBe(true);
  });

  it('may be nothing', async () => {
    node.content = () => contentOf(Buffer.alloc(0));
    const response = await fetch(path(''));
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
  });

  it('is whole where a range depends on a condition', async () => {
    node.content = (range) => contentOf(bytes, range);
    const response = await fetch(path(''), { headers: { range: 'bytes=1-2', 'if-range': '"x"' } });
    expect(response.status).toBe(200);
    await response.body?.cancel();
  });

  it('is only described to HEAD, and its source is ended', async () => {
    let isRead = false;
    node.content = () => ({
      ...contentOf(bytes),
      body: {
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            isRead = true;
            return { done: true, value: undefined };
          },
        }),
      },
    });
    const response = await fetch(path(''), { method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '1000000']);
    expect(isRead).toBe(false);
  });

  it('without a ticket is TICKET_INVALID', async () => {
    const response = await fetch(`${surface.url}/transfer/other`);
    expect([response.status, await codeOf(response)]).toEqual([403, 'TICKET_INVALID']);
  });

  it('out of range says how long it is', async () => {
    node.sendContent = async () => ({
      ok: false,
      failure: failure('RANGE_NOT_SATISFIABLE', { requestId: 'r', now_ms: 0 }, undefined, {
        totalBytes: 9,
      }),
    });
    const response = await fetch(path(''), { headers: { range: 'bytes=10-' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */9']);
  });

  it('stops being read when its reader goes away', async () => {
    const stopped = Promise.withResolvers<number>();
    node.content = () => ({
      ...contentOf(bytes),
      totalBytes: 1e12,
      end: 1e12 - 1,
      body: (async function* () {
        let sent = 0;
        try {
          for (;;) {
            yield Buffer.alloc(65_536);
            sent += 65_536;
          }
        } finally {
          stopped.resolve(sent);
        }
      })(),
    });
    const response = await fetch(path(''));
    const reader = response.body!.getReader();
    await reader.read();
    // A reader that does not read holds the source back.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await reader.cancel();
    expect(await stopped.promise).toBeLessThan(64_000_000);
  });

  it('that fails midway never looks complete', async () => {
    const failed: unknown[] = [];
    await surface.close();
    surface = await startHttpSurface(node, {
      port: 0,
      log: { failed: (error) => failed.push(error) },
    });
    node.content = () => ({
      ...contentOf(bytes),
      body: (async function* () {
        yield bytes.subarray(0, 100_000);
        throw new Error('the grant was revoked');
      })(),
    });
    const response = await fetch(path(''));
    await expect(response.arrayBuffer()).rejects.toThrow();
    const socket = new RawSocket(surface.port).write(
      'GET /transfer/ticket-1 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    expect((await socket.rest()).length).toBeLessThan(bytes.length);
    expect(failed.length).toBe(2);
  });

  it('that fails at once is an answer', async () => {
    node.content = () => ({
      ...contentOf(bytes),
      body: (async function* () {
        if (bytes.length > 0) throw new Error('no block');
        yield bytes;
      })(),
    });
    const response = await fetch(path(''));
    expect([response.status, await codeOf(response)]).toEqual([500, 'INTERNAL']);
  });
});
