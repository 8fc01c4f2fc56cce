import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { everything } from '../../schemas/tests/everyWord.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';

const bearing = { authorization: 'Bearer token' };
let node: FakeNode;
let surface: HttpSurface;
/** A call of the node that began, and what lets it end. */
let begun: PromiseWithResolvers<void>;
let goOn: PromiseWithResolvers<void>;

beforeEach(async () => {
  node = fakeNode();
  begun = Promise.withResolvers();
  goOn = Promise.withResolvers();
  node.answers.set('everyword.run', async (call) => {
    begun.resolve();
    await goOn.promise;
    return ok(call.input);
  });
  surface = await startHttpSurface(node, { port: 0, closeDeadline_ms: 5_000 });
});
afterEach(() => surface.close());

describe('a surface that closes', () => {
  it.each([{ mode: 'auto' }, { mode: 'legacy' }] as const)(
    'lets a tool that is being called answer ($mode)',
    async ({ mode }) => {
      const client = new Client(
        { name: 'test', version: '1' },
        mode === 'auto' ? { versionNegotiation: { mode } } : {},
      );
      const url = new URL(`${surface.url}/mcp`);
      await client.connect(
        new StreamableHTTPClientTransport(url, { requestInit: { headers: bearing } }),
      );
      const called = client.callTool({ name: 'everyword.run', arguments: { ...everything } });
      await begun.promise;
      const closing = surface.close();
      goOn.resolve();
      expect((await called).structuredContent).toMatchObject({ status: 'ok' });
      await closing;
      await client.close();
    },
  );

  it('answers what is under way on a connection, refuses what comes later, and says why it closes', async () => {
    const socket = new WebSocket(`${surface.url.replace('http', 'ws')}/ws`, { headers: bearing });
    const got: { id: string; result: { status: string; code: string } }[] = [];
    socket.on('message', (data: Buffer) =>
      got.push(JSON.parse(data.toString()) as (typeof got)[0]),
    );
    await once(socket, 'open');
    socket.send(JSON.stringify({ id: 'early', op: 'everyword.run', input: everything }));
    await begun.promise;
    const closed = once(socket, 'close');
    const closing = surface.close();
    socket.send(JSON.stringify({ id: 'late', op: 'everyword.run', input: everything }));
    await expect.poll(() => got.length).toBe(1);
    expect(got[0]).toMatchObject({ id: 'late', result: { code: 'SERVICE_UNAVAILABLE' } });
    goOn.resolve();
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1001, 'the node is stopping']);
    expect(got[1]).toMatchObject({ id: 'early', result: { status: 'ok' } });
    await closing;
  });
});
