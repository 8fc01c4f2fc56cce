import { command, contract, query, t } from '@anarq/common-schemas';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { everything, everyWord } from '../../schemas/tests/everyWord.ts';
import { fakeNode, ok, type FakeNode } from './fakeNode.ts';

/** More tools than a page holds, one of them open to anybody, one of them no tool. */
const many = contract({
  name: 'many',
  version: '1.0.0',
  title: 'Many',
  purpose: 'Fills pages.',
  operations: {
    open: query({
      summary: 'Open to anybody.',
      scope: 'many/open',
      access: 'public',
      mcp: { tool: 'many.openly' },
      input: t.object({}),
      output: t.object({}),
    }),
    hidden: query({
      summary: 'No tool.',
      scope: 'many/hidden',
      mcp: false,
      input: t.object({}),
      output: t.object({}),
    }),
    small: command({
      summary: 'Takes little.',
      scope: 'many/small',
      limits: { bodyBytes: 200 },
      input: t.object({ text: t.string() }),
      output: t.object({}),
    }),
    ...Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        `tool${index}`,
        query({
          summary: `Tool ${index}.`,
          scope: 'many/tool',
          input: t.object({}),
          output: t.object({}),
        }),
      ]),
    ),
  },
});

interface Answer {
  isError?: boolean | undefined;
  structuredContent?: unknown;
  content?: unknown;
  _meta?: Record<string, unknown> | undefined;
}
interface AnyClient {
  listTools(params?: { cursor: string }): Promise<{
    tools: { name: string; annotations?: unknown }[];
    nextCursor?: string | undefined;
  }>;
  call(params: { name: string; arguments?: object; _meta?: object }): Promise<Answer>;
  close(): Promise<void>;
}

let node: FakeNode;
let surface: HttpSurface;
const url = (tail = '') => new URL(`${surface.url}/mcp${tail}`);
const requestInit = (token: string | undefined) =>
  token === undefined ? {} : { requestInit: { headers: { authorization: `Bearer ${token}` } } };

beforeAll(async () => {
  node = fakeNode([everyWord, many]);
  surface = await startHttpSurface(node, { port: 0 });
});
afterAll(() => surface.close());
beforeEach(() => {
  node.calls.length = 0;
});

async function newClient(
  mode: 'auto' | undefined,
  token: string | undefined,
  tail: string,
): Promise<AnyClient> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    mode === undefined ? {} : { versionNegotiation: { mode } },
  );
  await client.connect(new StreamableHTTPClientTransport(url(tail), requestInit(token)));
  expect(client.getNegotiatedProtocolVersion()).toBe(mode === 'auto' ? '2026-07-28' : '2025-11-25');
  return {
    listTools: (params) => client.listTools(params),
    call: (params) => client.callTool(params as Parameters<typeof client.callTool>[0]),
    close: () => client.close(),
  };
}

async function legacyClient(token: string | undefined, tail: string): Promise<AnyClient> {
  const client = new LegacyClient({ name: 'test', version: '1.0.0' });
  // The legacy package declares its optional members without undefined.
  await client.connect(
    new LegacyTransport(url(tail), requestInit(token)) as Parameters<typeof client.connect>[0],
  );
  return {
    listTools: (params) => client.listTools(params),
    call: (params) =>
      client.callTool(params as Parameters<typeof client.callTool>[0]) as Promise<Answer>,
    close: () => client.close(),
  };
}

const clients = [
  [
    'the client of today, revision 2025-11-25',
    (token?: string, tail = '') => newClient(undefined, token, tail),
  ],
  [
    'the client of today, revision 2026-07-28',
    (token?: string, tail = '') => newClient('auto', token, tail),
  ],
  ['the client of the years before', (token?: string, tail = '') => legacyClient(token, tail)],
] as const;

describe.each(clients)('MCP with %s', (_name, connect) => {
  it('carries every word of the dialect there and back', async () => {
    const client = await connect('qat_test');
    await client.listTools();
    const answer = await client.call({ name: 'everyword.echo', arguments: everything });
    const envelope = { status: 'ok', code: 'SUCCESS', message: 'Done.', data: everything };
    expect(answer.structuredContent).toEqual(envelope);
    expect(answer.isError ?? false).toBe(false);
    expect(answer.content).toEqual([{ type: 'text', text: `Done.\n${JSON.stringify(envelope)}` }]);
    expect(answer).toMatchObject({
      _meta: { 'q/requestId': node.calls[0]?.requestId, 'q/replayed': false },
    });
    expect(node.calls).toEqual([
      {
        operation: 'everyword.echo',
        input: everything,
        surface: 'mcp',
        credential: { kind: 'bearer', token: 'qat_test' },
        requestId: expect.stringMatching(/^req_/),
        peer: '127.0.0.1',
      },
    ]);
    await client.close();
  });

  it('lists every tool, in pages, under one of two names, and nothing that is no tool', async () => {
    for (const [tail, separator] of [
      ['', '.'],
      ['?names=underscore', '_'],
    ] as const) {
      const client = await connect(undefined, tail);
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await client.listTools(cursor === undefined ? undefined : { cursor });
        names.push(...page.tools.map(({ name }) => name));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBe(3 + 2 + 300);
      expect(names).toContain(`many${separator}openly`);
      expect(names.filter((name) => name.includes('hidden'))).toEqual([]);
      await client.close();
    }
  });

  it('takes both names of a tool', async () => {
    const client = await connect('qat_test');
    await client.call({ name: 'everyword_echo', arguments: everything });
    expect(node.calls[0]?.operation).toBe('everyword.echo');
    await client.close();
  });

  it('takes what belongs to the call from the arguments, or from _meta', async () => {
    const client = await connect('qat_test');
    await client.call({
      name: 'everyword.echo',
      arguments: { ...everything, idempotencyKey: 'k1', again: true },
      _meta: { 'q/subject': 'did:squid:s', 'q/grant': 'bafkgrant' },
    });
    await client.call({
      name: 'everyword.echo',
      arguments: everything,
      _meta: { 'q/idempotencyKey': 'k2', 'q/again': false },
    });
    expect(node.calls).toMatchObject([
      {
        input: everything,
        idempotencyKey: 'k1',
        again: true,
        subject: 'did:squid:s',
        grant: 'bafkgrant',
      },
      { input: everything, idempotencyKey: 'k2', again: false },
    ]);
    const differing = await client.call({
      name: 'everyword.echo',
      arguments: { ...everything, idempotencyKey: 'k1' },
      _meta: { 'q/idempotencyKey': 'k2' },
    });
    expect(differing).toMatchObject({
      isError: true,
      structuredContent: { code: 'INPUT_INVALID' },
    });
    const wrong = await client.call({
      name: 'everyword.echo',
      arguments: { ...everything, again: 'yes' },
    });
    expect(wrong).toMatchObject({ isError: true, structuredContent: { code: 'INPUT_INVALID' } });
    expect(node.calls.length).toBe(2);
    await client.close();
  });

  it('says what is wrong with a call as a failure that a model can read', async () => {
    const client = await connect('qat_test');
    await client.listTools();
    const answer = await client.call({
      name: 'everyword.echo',
      arguments: { ...everything, colour: 'blue' },
    });
    expect(answer.isError).toBe(true);
    expect(answer.structuredContent).toMatchObject({
      status: 'error',
      code: 'INPUT_INVALID',
      details: { violations: [{ path: '/colour' }] },
    });
    expect(JSON.stringify(answer.content)).toContain('INPUT_INVALID: The input does not match');
    await client.close();
  });

  it('says that an answer was recorded before', async () => {
    node.answers.set('everyword.run', (call) => ok(call.input, { replayed: true }));
    const client = await connect('qat_test');
    await client.listTools();
    const answer = await client.call({ name: 'everyword.run', arguments: everything });
    expect(answer).toMatchObject({
      structuredContent: { replayed: true },
      _meta: { 'q/replayed': true },
    });
    await client.close();
  });

  it('without a token opens what is public, and asks for a proof elsewhere', async () => {
    const client = await connect();
    expect((await client.call({ name: 'many.openly', arguments: {} })).isError ?? false).toBe(
      false,
    );
    const refused = await client.call({ name: 'everyword.echo', arguments: everything });
    expect(refused).toMatchObject({
      isError: true,
      structuredContent: { code: 'QLOCK_AUTH_FAIL' },
    });
    await client.close();
  });

  it('holds each tool to the size of its operation', async () => {
    const client = await connect('qat_test');
    const answer = await client.call({ name: 'many.small', arguments: { text: 'x'.repeat(300) } });
    expect(answer).toMatchObject({ isError: true, structuredContent: { code: 'INPUT_TOO_LARGE' } });
    await client.close();
  });

  it('answers a tool that does not exist with a protocol error', async () => {
    const client = await connect('qat_test');
    await expect(client.call({ name: 'no.such', arguments: {} })).rejects.toMatchObject({
      code: -32_602,
    });
    await expect(client.listTools({ cursor: 'bm9wZQ' })).rejects.toMatchObject({ code: -32_602 });
    await client.close();
  });
});

describe('what reaches /mcp and is no message', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(url(), {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    });
  const call = (args: string) =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"everyword.echo","arguments":${args}}}`;

  it.each([
    ['no JSON', '{', 400, -32_700],
    ['a member given twice', call('{"text":1,"text":2}'), 400, -32_700],
    ['__proto__', call('{"__proto__":{}}'), 400, -32_700],
    ['invalid UTF-8', new Uint8Array([0x7b, 0xff]), 400, -32_700],
    ['a batch', `[${call('{}')},${call('{}')}]`, 400, -32_600],
    ['a text', '"hello"', 400, -32_600],
    ['too much', `{"x":"${'x'.repeat(400_000)}"}`, 413, -32_000],
  ])('%s is refused as JSON-RPC says', async (_name, body, status, code) => {
    const response = await post(body, { authorization: 'Bearer qat_test' });
    expect([response.status, await response.json()]).toMatchObject([
      status,
      { jsonrpc: '2.0', id: null, error: { code } },
    ]);
    expect(node.calls).toEqual([]);
  });

  it('another type, an unreadable proof, another method, another name of the host', async () => {
    expect((await post('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post(call('{}'), { authorization: 'Basic x' })).status).toBe(401);
    expect((await fetch(url())).status).toBe(405);
    expect((await fetch(url(), { method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await post(call('{}'), { origin: 'http://evil.example' })).status).toBe(403);
  });

  it('a list in pages of at most two hundred and fifty', async () => {
    const list = async (params: string) => {
      const response = await post(
        `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${params}}`,
      );
      const data = (await response.text()).split('\n').find((line) => line.startsWith('data: {'));
      return (
        JSON.parse(data!.slice('data: '.length)) as {
          result: { tools: unknown[]; nextCursor?: string };
        }
      ).result;
    };
    const first = await list('{}');
    expect(first.tools.length).toBe(250);
    const second = await list(JSON.stringify({ cursor: first.nextCursor }));
    expect([second.tools.length, second.nextCursor]).toEqual([55, undefined]);
  });

  it('a message without a method, or with params of the wrong shape', async () => {
    const noMethod = await post('{"jsonrpc":"2.0","id":1}');
    expect(noMethod.status).toBe(400);
    const response = await post(call('[1]'), { 'mcp-protocol-version': '2025-11-25' });
    expect(await response.text()).toMatch(/"code":-32602/);
  });
});
